#include "library.h"
#include "COneDNN.h"
#include <stdlib.h>

enum { STACK = 16, ALIGNMENT = 64 };

// Runs with `count` arguments and the scratchpad as the last one; `bound` and `memories` have room for one more.
static dnnl_status_t run(const decant_primitive *primitive, int count, const decant_argument *arguments,
                         dnnl_exec_arg_t *bound, dnnl_memory_t *memories) {
  size_t scratchpad = primitive->scratchpad.ndims > 0 ? decant_dnnl_layout_size(&primitive->scratchpad) : 0;
  void *scratch = NULL;
  if (scratchpad > 0 && posix_memalign(&scratch, ALIGNMENT, scratchpad) != 0) return dnnl_out_of_memory;
  dnnl_stream_t stream = NULL;
  dnnl_status_t status = decant_dnnl.stream_create(&stream, decant_dnnl.engine, dnnl_stream_default_flags);
  int made = 0;
  for (; status == dnnl_success && made < count; made++) {
    status = decant_dnnl.memory_create(&memories[made], arguments[made].layout, decant_dnnl.engine,
                                       arguments[made].bytes);
    if (status != dnnl_success) break;
    bound[made] = (dnnl_exec_arg_t){arguments[made].place, memories[made]};
  }
  if (status == dnnl_success && scratch) {
    status = decant_dnnl.memory_create(&memories[made], &primitive->scratchpad, decant_dnnl.engine, scratch);
    if (status == dnnl_success) {
      bound[made] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, memories[made]};
      made++;
    }
  }
  if (status == dnnl_success) status = decant_dnnl.primitive_execute(primitive->handle, stream, made, bound);
  if (status == dnnl_success) status = decant_dnnl.stream_wait(stream);
  while (made > 0) decant_dnnl.memory_destroy(memories[--made]);
  if (stream) decant_dnnl.stream_destroy(stream);
  free(scratch);
  return status;
}

dnnl_status_t decant_dnnl_execute(const decant_primitive *primitive, int threads, int count,
                                  const decant_argument *arguments) {
  if (decant_dnnl.set_threads) decant_dnnl.set_threads(threads);
  dnnl_exec_arg_t bound[STACK];
  dnnl_memory_t memories[STACK];
  if (count < STACK) return run(primitive, count, arguments, bound, memories);
  dnnl_exec_arg_t *manyBound = calloc((size_t)count + 1, sizeof *manyBound);
  dnnl_memory_t *manyMemories = calloc((size_t)count + 1, sizeof *manyMemories);
  dnnl_status_t status = manyBound && manyMemories ? run(primitive, count, arguments, manyBound, manyMemories)
                                                   : dnnl_out_of_memory;
  free(manyBound);
  free(manyMemories);
  return status;
}
