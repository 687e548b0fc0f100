// oneDNN, loaded when it is first needed: linked in the ordinary way it would cost every start of the program 40 MB of mapping
// and the start of OpenMP. Functions here make and run primitives; no handle of oneDNN's but `dnnl_primitive_t` leaves them.
#ifndef DECANT_CONEDNN_H
#define DECANT_CONEDNN_H
#include <oneapi/dnnl/dnnl_types.h>

/// Loads the library once; NULL when it is there, else why not. Thread-safe.
const char *decant_dnnl_load(void);

/// What makes the teams of threads that oneDNN works on, as GCC's OpenMP does, and the number of the calling thread in its team.
/// NULL where its threads are others. Only once it is loaded.
typedef void decant_dnnl_team(void (*body)(void *), void *argument, unsigned threads, unsigned flags);
decant_dnnl_team *decant_dnnl_parallel(void);
int (*decant_dnnl_member(void))(void);

/// What oneDNN says for a status: "unimplemented".
const char *decant_dnnl_status(dnnl_status_t status);

// Layouts

/// A layout of `rank` extents: with these strides, or for oneDNN to choose when `strides` is NULL.
dnnl_status_t decant_dnnl_layout(dnnl_memory_desc_t *layout, int rank, const int64_t *extents,
                                 dnnl_data_type_t type, const int64_t *strides);
/// Whether both are the same layout of the same type and extents.
int decant_dnnl_layout_equal(const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b);
/// How many bytes a tensor in this layout takes, padding included.
size_t decant_dnnl_layout_size(const dnnl_memory_desc_t *layout);

// Primitives. Each is made for at most `threads` threads, and is run with as many.

enum { DECANT_POST_OPS = 4 };

/// A primitive and the layouts that it wants; those it has no use for are zero.
typedef struct {
  dnnl_primitive_t handle;
  dnnl_memory_desc_t source, weights, destination, scratchpad;
  dnnl_memory_desc_t others[DECANT_POST_OPS];  // of the tensors that post-ops read
  void *spare;                                 // what the last call has left for the next
} decant_primitive;

/// A further step on each element of a result: a function of it, or of it and the element of another tensor.
typedef struct {
  dnnl_alg_kind_t algorithm;
  float alpha, beta;                  // of functions of one element
  const dnnl_memory_desc_t *operand;  // the other tensor, of which extents may be 1; NULL for functions of one element
} decant_post_op;

/// At most DECANT_POST_OPS steps, in order.
typedef struct {
  int count;
  const decant_post_op *steps;
} decant_post_ops;

/// Which argument the tensor of post-op `index` is.
int decant_dnnl_post_op_place(int index);

/// How a window slides over `axes` spatial axes. A dilation of 1 has no gaps.
typedef struct {
  int axes;
  int64_t kernel[3], strides[3], dilations[3], begin[3], end[3];
} decant_window;

/// A convolution, or its transpose; `bias` and `steps` may be NULL. With steps, only where oneDNN has generated code for it.
dnnl_status_t decant_dnnl_convolution(decant_primitive *made, int threads, int transposed, const decant_window *window,
                                      const dnnl_memory_desc_t *source, const dnnl_memory_desc_t *weights,
                                      const dnnl_memory_desc_t *bias, const dnnl_memory_desc_t *destination,
                                      const decant_post_ops *steps);
/// How sums of codes become codes: times a scale (one, or one for each channel), rounded half to even, plus a zero point.
typedef struct {
  int count;
  const float *scales;
  int32_t source_zero, target_zero;
} decant_quantization;
/// A convolution of codes; `bias` may be NULL.
dnnl_status_t decant_dnnl_quantized_convolution(decant_primitive *made, int threads, const decant_window *window,
                                                const dnnl_memory_desc_t *source, const dnnl_memory_desc_t *weights,
                                                const dnnl_memory_desc_t *bias, const dnnl_memory_desc_t *destination,
                                                const decant_quantization *how);
/// A matrix product over leading batch extents that are equal or 1; `bias` and `steps` may be NULL, as above.
dnnl_status_t decant_dnnl_matmul(decant_primitive *made, int threads, const dnnl_memory_desc_t *source,
                                 const dnnl_memory_desc_t *weights, const dnnl_memory_desc_t *bias,
                                 const dnnl_memory_desc_t *destination, const decant_post_ops *steps);
/// Pooling by the largest value, or by the average with or without the padding.
dnnl_status_t decant_dnnl_pooling(decant_primitive *made, int threads, dnnl_alg_kind_t algorithm,
                                  const decant_window *window, const dnnl_memory_desc_t *source,
                                  const dnnl_memory_desc_t *destination);
/// A function of each element.
dnnl_status_t decant_dnnl_eltwise(decant_primitive *made, int threads, dnnl_alg_kind_t algorithm, float alpha,
                                  float beta, const dnnl_memory_desc_t *layout);
/// A function of two elements; extents of `weights`, the second operand, may be 1.
dnnl_status_t decant_dnnl_binary(decant_primitive *made, int threads, dnnl_alg_kind_t algorithm,
                                 const dnnl_memory_desc_t *source, const dnnl_memory_desc_t *weights,
                                 const dnnl_memory_desc_t *destination);
/// Batch normalization by given means and variances, with scale and shift.
dnnl_status_t decant_dnnl_batch_normalization(decant_primitive *made, int threads, float epsilon,
                                              const dnnl_memory_desc_t *layout);
/// Softmax along `axis`.
dnnl_status_t decant_dnnl_softmax(decant_primitive *made, int threads, int logarithm, int axis,
                                  const dnnl_memory_desc_t *layout);
/// Concatenation of `count` tensors along `axis`.
dnnl_status_t decant_dnnl_concat(decant_primitive *made, int threads, int count, int axis,
                                 const dnnl_memory_desc_t *sources);
/// A copy into another layout.
dnnl_status_t decant_dnnl_reorder(decant_primitive *made, int threads, const dnnl_memory_desc_t *source,
                                  const dnnl_memory_desc_t *destination);
/// Frees the primitive.
void decant_dnnl_destroy(decant_primitive *primitive);

/// An argument of a primitive: which (`DNNL_ARG_…`), in what layout, and where. Sources are not written.
typedef struct {
  int place;
  const dnnl_memory_desc_t *layout;
  void *bytes;
} decant_argument;

/// Runs a primitive and waits for it. May be called for one primitive from several threads at once.
dnnl_status_t decant_dnnl_execute(decant_primitive *primitive, int threads, int count,
                                  const decant_argument *arguments);
#endif
