#include "library.h"
#include "COneDNN.h"
#include <string.h>

// oneDNN adds a zero point before it rounds, and ONNX after: rounding is an operation of its own, where it makes a difference.
static dnnl_status_t describe(dnnl_primitive_attr_t attributes, const decant_quantization *how) {
  dnnl_status_t status = decant_dnnl.primitive_attr_set_output_scales(attributes, how->count, how->count > 1 ? 2 : 0, how->scales);
  if (status == dnnl_success && how->source_zero != 0)
    status = decant_dnnl.primitive_attr_set_zero_points(attributes, DNNL_ARG_SRC, 1, 0, &how->source_zero);
  if (status != dnnl_success || how->target_zero == 0) return status;
  status = decant_dnnl.primitive_attr_set_zero_points(attributes, DNNL_ARG_DST, 1, 0, &how->target_zero);
  if (status != dnnl_success) return status;
  dnnl_post_ops_t after;
  status = decant_dnnl.post_ops_create(&after);
  if (status != dnnl_success) return status;
  status = decant_dnnl.post_ops_append_eltwise(after, 1, dnnl_eltwise_round, 0, 0);
  if (status == dnnl_success) status = decant_dnnl.primitive_attr_set_post_ops(attributes, after);
  decant_dnnl.post_ops_destroy(after);
  return status;
}

dnnl_status_t decant_dnnl_quantized_convolution(decant_primitive *made, int threads, const decant_window *window,
                                                const dnnl_memory_desc_t *source, const dnnl_memory_desc_t *weights,
                                                const dnnl_memory_desc_t *bias, const dnnl_memory_desc_t *destination,
                                                const decant_quantization *how) {
  memset(made, 0, sizeof *made);
  dnnl_dims_t gaps = {0};  // oneDNN counts the gaps, not the distance
  for (int axis = 0; axis < window->axes; axis++) gaps[axis] = window->dilations[axis] - 1;
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = decant_dnnl.dilated_convolution_forward_desc_init(
      &operation, dnnl_forward_inference, dnnl_convolution_direct, source, weights, bias, destination, window->strides,
      gaps, window->begin, window->end);
  if (status != dnnl_success) return status;
  dnnl_primitive_attr_t attributes;
  status = decant_dnnl_attributes(&attributes);
  if (status != dnnl_success) return status;
  status = describe(attributes, how);
  if (status == dnnl_success) status = decant_dnnl_make(made, threads, &operation, attributes);
  decant_dnnl.primitive_attr_destroy(attributes);
  return status;
}
