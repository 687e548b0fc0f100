#include "library.h"
#include "COneDNN.h"
#include <string.h>

static void use_threads(int threads) {
  if (decant_dnnl.set_threads) decant_dnnl.set_threads(threads);
}

dnnl_status_t decant_dnnl_layout(dnnl_memory_desc_t *layout, int rank, const int64_t *extents, dnnl_data_type_t type,
                                 const int64_t *strides) {
  return strides ? decant_dnnl.memory_desc_init_by_strides(layout, rank, extents, type, strides)
                 : decant_dnnl.memory_desc_init_by_tag(layout, rank, extents, type, dnnl_format_tag_any);
}

int decant_dnnl_layout_equal(const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b) {
  return decant_dnnl.memory_desc_equal(a, b);
}

size_t decant_dnnl_layout_size(const dnnl_memory_desc_t *layout) { return decant_dnnl.memory_desc_get_size(layout); }

static dnnl_memory_desc_t query(const_dnnl_primitive_desc_t description, dnnl_query_t what) {
  const dnnl_memory_desc_t *layout = decant_dnnl.primitive_desc_query_md(description, what, 0);
  dnnl_memory_desc_t none;
  memset(&none, 0, sizeof none);
  return layout ? *layout : none;
}

// Takes the description and frees it.
static dnnl_status_t finish(decant_primitive *made, dnnl_primitive_desc_t description) {
  made->source = query(description, dnnl_query_src_md);
  made->weights = query(description, dnnl_query_weights_md);
  made->destination = query(description, dnnl_query_dst_md);
  made->scratchpad = query(description, dnnl_query_scratchpad_md);
  dnnl_status_t status = decant_dnnl.primitive_create(&made->handle, description);
  decant_dnnl.primitive_desc_destroy(description);
  return status;
}

// Scratchpads are the caller's, so that one primitive can run on several threads at once.
dnnl_status_t decant_dnnl_attributes(dnnl_primitive_attr_t *made) {
  dnnl_status_t status = decant_dnnl.primitive_attr_create(made);
  if (status != dnnl_success) return status;
  status = decant_dnnl.primitive_attr_set_scratchpad_mode(*made, dnnl_scratchpad_mode_user);
  if (status != dnnl_success) decant_dnnl.primitive_attr_destroy(*made);
  return status;
}

int decant_dnnl_post_op_place(int index) { return DNNL_ARG_ATTR_MULTIPLE_POST_OP(index) | DNNL_ARG_SRC_1; }

static dnnl_status_t append(dnnl_primitive_attr_t attribute, const decant_post_ops *steps) {
  if (steps->count > DECANT_POST_OPS) return dnnl_unimplemented;
  dnnl_post_ops_t list;
  dnnl_status_t status = decant_dnnl.post_ops_create(&list);
  if (status != dnnl_success) return status;
  for (int index = 0; status == dnnl_success && index < steps->count; index++) {
    const decant_post_op *step = &steps->steps[index];
    status = step->operand
                 ? decant_dnnl.post_ops_append_binary(list, step->algorithm, step->operand)
                 : decant_dnnl.post_ops_append_eltwise(list, 1, step->algorithm, step->alpha, step->beta);
  }
  if (status == dnnl_success) status = decant_dnnl.primitive_attr_set_post_ops(attribute, list);
  decant_dnnl.post_ops_destroy(list);
  return status;
}

static int is_generated(const_dnnl_primitive_desc_t description) {
  const char *name = NULL;
  dnnl_status_t status = decant_dnnl.primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
  return status == dnnl_success && name && strncmp(name, "ref", 3) != 0;
}

dnnl_status_t decant_dnnl_make(void *made, int threads, const_dnnl_op_desc_t operation, const_dnnl_primitive_attr_t attributes) {
  memset(made, 0, sizeof(decant_primitive));
  use_threads(threads);
  dnnl_primitive_desc_t description;
  dnnl_status_t status = decant_dnnl.primitive_desc_create(&description, operation, attributes, decant_dnnl.engine, NULL);
  if (status != dnnl_success) return status;
  if (is_generated(description)) return finish(made, description);
  decant_dnnl.primitive_desc_destroy(description);
  return dnnl_unimplemented;
}

static dnnl_status_t make_with(decant_primitive *made, int threads, const_dnnl_op_desc_t operation,
                               const decant_post_ops *steps) {
  memset(made, 0, sizeof *made);
  use_threads(threads);
  dnnl_primitive_attr_t attribute;
  dnnl_status_t status = decant_dnnl_attributes(&attribute);
  if (status != dnnl_success) return status;
  if (steps) status = append(attribute, steps);
  dnnl_primitive_desc_t description = NULL;
  if (status == dnnl_success)
    status = decant_dnnl.primitive_desc_create(&description, operation, attribute, decant_dnnl.engine, NULL);
  decant_dnnl.primitive_attr_destroy(attribute);
  if (status != dnnl_success) return status;
  if (steps && !is_generated(description)) {
    decant_dnnl.primitive_desc_destroy(description);
    return dnnl_unimplemented;
  }
  for (int index = 0; steps && index < steps->count; index++) {
    if (!steps->steps[index].operand) continue;
    const dnnl_memory_desc_t *layout =
        decant_dnnl.primitive_desc_query_md(description, dnnl_query_exec_arg_md, decant_dnnl_post_op_place(index));
    if (layout) made->others[index] = *layout;
  }
  return finish(made, description);
}

static dnnl_status_t make(decant_primitive *made, int threads, const_dnnl_op_desc_t operation) {
  return make_with(made, threads, operation, NULL);
}

dnnl_status_t decant_dnnl_convolution(decant_primitive *made, int threads, int transposed, const decant_window *window,
                                      const dnnl_memory_desc_t *source, const dnnl_memory_desc_t *weights,
                                      const dnnl_memory_desc_t *bias, const dnnl_memory_desc_t *destination,
                                      const decant_post_ops *steps) {
  dnnl_dims_t gaps = {0};  // oneDNN counts the gaps, not the distance
  for (int axis = 0; axis < window->axes; axis++) gaps[axis] = window->dilations[axis] - 1;
  union {
    dnnl_convolution_desc_t forward;
    dnnl_deconvolution_desc_t transposed;
  } operation;
  dnnl_status_t status =
      transposed ? decant_dnnl.dilated_deconvolution_forward_desc_init(
                       &operation.transposed, dnnl_forward_inference, dnnl_deconvolution_direct, source, weights, bias,
                       destination, window->strides, gaps, window->begin, window->end)
                 : decant_dnnl.dilated_convolution_forward_desc_init(
                       &operation.forward, dnnl_forward_inference, dnnl_convolution_direct, source, weights, bias,
                       destination, window->strides, gaps, window->begin, window->end);
  return status == dnnl_success ? make_with(made, threads, &operation, steps) : status;
}

dnnl_status_t decant_dnnl_matmul(decant_primitive *made, int threads, const dnnl_memory_desc_t *source,
                                 const dnnl_memory_desc_t *weights, const dnnl_memory_desc_t *bias,
                                 const dnnl_memory_desc_t *destination, const decant_post_ops *steps) {
  dnnl_matmul_desc_t operation;
  dnnl_status_t status = decant_dnnl.matmul_desc_init(&operation, source, weights, bias, destination);
  return status == dnnl_success ? make_with(made, threads, &operation, steps) : status;
}

dnnl_status_t decant_dnnl_pooling(decant_primitive *made, int threads, dnnl_alg_kind_t algorithm,
                                  const decant_window *window, const dnnl_memory_desc_t *source,
                                  const dnnl_memory_desc_t *destination) {
  dnnl_dims_t gaps = {0};
  for (int axis = 0; axis < window->axes; axis++) gaps[axis] = window->dilations[axis] - 1;
  dnnl_pooling_v2_desc_t operation;
  dnnl_status_t status = decant_dnnl.pooling_v2_forward_desc_init(
      &operation, dnnl_forward_inference, algorithm, source, destination, window->strides, window->kernel, gaps,
      window->begin, window->end);
  return status == dnnl_success ? make(made, threads, &operation) : status;
}

dnnl_status_t decant_dnnl_eltwise(decant_primitive *made, int threads, dnnl_alg_kind_t algorithm, float alpha,
                                  float beta, const dnnl_memory_desc_t *layout) {
  dnnl_eltwise_desc_t operation;
  dnnl_status_t status =
      decant_dnnl.eltwise_forward_desc_init(&operation, dnnl_forward_inference, algorithm, layout, alpha, beta);
  return status == dnnl_success ? make(made, threads, &operation) : status;
}

dnnl_status_t decant_dnnl_binary(decant_primitive *made, int threads, dnnl_alg_kind_t algorithm,
                                 const dnnl_memory_desc_t *source, const dnnl_memory_desc_t *weights,
                                 const dnnl_memory_desc_t *destination) {
  dnnl_binary_desc_t operation;
  dnnl_status_t status = decant_dnnl.binary_desc_init(&operation, algorithm, source, weights, destination);
  return status == dnnl_success ? make(made, threads, &operation) : status;
}

dnnl_status_t decant_dnnl_batch_normalization(decant_primitive *made, int threads, float epsilon,
                                              const dnnl_memory_desc_t *layout) {
  unsigned flags = dnnl_use_global_stats | dnnl_use_scale | dnnl_use_shift;
  dnnl_batch_normalization_desc_t operation;
  dnnl_status_t status = decant_dnnl.batch_normalization_forward_desc_init(&operation, dnnl_forward_inference, layout,
                                                                           epsilon, flags);
  return status == dnnl_success ? make(made, threads, &operation) : status;
}

dnnl_status_t decant_dnnl_softmax(decant_primitive *made, int threads, int logarithm, int axis,
                                  const dnnl_memory_desc_t *layout) {
  dnnl_softmax_v2_desc_t operation;
  dnnl_status_t status = decant_dnnl.softmax_v2_forward_desc_init(
      &operation, dnnl_forward_inference, logarithm ? dnnl_softmax_log : dnnl_softmax_accurate, layout, layout, axis);
  return status == dnnl_success ? make(made, threads, &operation) : status;
}

dnnl_status_t decant_dnnl_concat(decant_primitive *made, int threads, int count, int axis,
                                 const dnnl_memory_desc_t *sources) {
  memset(made, 0, sizeof *made);
  use_threads(threads);
  dnnl_primitive_attr_t attribute;
  dnnl_status_t status = decant_dnnl_attributes(&attribute);
  if (status != dnnl_success) return status;
  dnnl_primitive_desc_t description;
  status = decant_dnnl.concat_primitive_desc_create(&description, NULL, count, axis, sources, attribute,
                                                    decant_dnnl.engine);
  decant_dnnl.primitive_attr_destroy(attribute);
  return status == dnnl_success ? finish(made, description) : status;
}

dnnl_status_t decant_dnnl_reorder(decant_primitive *made, int threads, const dnnl_memory_desc_t *source,
                                  const dnnl_memory_desc_t *destination) {
  memset(made, 0, sizeof *made);
  use_threads(threads);
  dnnl_primitive_attr_t attribute;
  dnnl_status_t status = decant_dnnl_attributes(&attribute);
  if (status != dnnl_success) return status;
  dnnl_primitive_desc_t description;
  status = decant_dnnl.reorder_primitive_desc_create(&description, source, decant_dnnl.engine, destination,
                                                     decant_dnnl.engine, attribute);
  decant_dnnl.primitive_attr_destroy(attribute);
  return status == dnnl_success ? finish(made, description) : status;
}
