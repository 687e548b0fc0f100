// The functions of libdnnl that are used, found by name when it is loaded.
#ifndef DECANT_DNNL_LIBRARY_H
#define DECANT_DNNL_LIBRARY_H
#include "COneDNN.h"
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

#define DECANT_DNNL_FUNCTIONS(X) \
  X(version) X(status2str) \
  X(engine_create) X(stream_create) X(stream_wait) X(stream_destroy) \
  X(memory_create) X(memory_destroy) X(memory_set_data_handle) \
  X(memory_desc_init_by_tag) X(memory_desc_init_by_strides) X(memory_desc_equal) X(memory_desc_get_size) \
  X(primitive_attr_create) X(primitive_attr_destroy) X(primitive_attr_set_scratchpad_mode) \
  X(primitive_attr_set_post_ops) X(post_ops_create) X(post_ops_destroy) X(post_ops_append_eltwise) \
  X(post_ops_append_binary) X(primitive_desc_query) \
  X(primitive_attr_set_output_scales) X(primitive_attr_set_zero_points) \
  X(primitive_desc_create) X(primitive_desc_destroy) X(primitive_desc_query_md) \
  X(primitive_create) X(primitive_destroy) X(primitive_execute) \
  X(dilated_convolution_forward_desc_init) X(dilated_deconvolution_forward_desc_init) \
  X(matmul_desc_init) X(pooling_v2_forward_desc_init) X(eltwise_forward_desc_init) X(binary_desc_init) \
  X(batch_normalization_forward_desc_init) \
  X(softmax_v2_forward_desc_init) X(concat_primitive_desc_create) X(reorder_primitive_desc_create)

typedef struct {
#define X(name) __typeof__(&dnnl_##name) name;
  DECANT_DNNL_FUNCTIONS(X)
#undef X
  /// OpenMP's, from the runtime that libdnnl brings; NULL when it is built without.
  void (*set_threads)(int);
  /// What decant_dnnl_parallel() and decant_dnnl_member() give.
  decant_dnnl_team *parallel;
  int (*member)(void);
  /// The processor.
  dnnl_engine_t engine;
} decant_library;

/// The library. Only after decant_dnnl_load() has returned NULL.
extern decant_library decant_dnnl;

/// Attributes for a primitive whose scratchpad is the caller's; the caller destroys them.
dnnl_status_t decant_dnnl_attributes(dnnl_primitive_attr_t *made);
/// The primitive for an operation with attributes, which stay the caller's; unimplemented where oneDNN has only plain loops.
dnnl_status_t decant_dnnl_make(void *made, int threads, const_dnnl_op_desc_t operation, const_dnnl_primitive_attr_t attributes);
#endif
