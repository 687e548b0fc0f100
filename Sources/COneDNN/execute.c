#include "library.h"
#include "COneDNN.h"
#include <pthread.h>
#include <stdlib.h>

enum { ALIGNMENT = 64, KEPT_SCRATCH = 1 << 20 };

// What a call needs besides the data: handles of oneDNN's for `count` arguments, the last of them perhaps the scratchpad. Making
// them costs more than a small primitive does, so each primitive keeps those of its last call for the next.
typedef struct {
  int count;
  dnnl_stream_t stream;
  dnnl_memory_t *memories;
  dnnl_exec_arg_t *arguments;
} binding;

static void destroy(binding *made) {
  if (!made) return;
  while (made->count > 0) decant_dnnl.memory_destroy(made->memories[--made->count]);
  if (made->stream) decant_dnnl.stream_destroy(made->stream);
  free(made);
}

static dnnl_status_t append(binding *made, int place, const dnnl_memory_desc_t *layout) {
  dnnl_status_t status =
      decant_dnnl.memory_create(&made->memories[made->count], layout, decant_dnnl.engine, DNNL_MEMORY_NONE);
  if (status != dnnl_success) return status;
  made->arguments[made->count] = (dnnl_exec_arg_t){place, made->memories[made->count]};
  made->count++;
  return dnnl_success;
}

static dnnl_status_t bind(
    const decant_primitive *primitive, int count, const decant_argument *arguments, int has_scratch, binding **result) {
  size_t room = (size_t)count + 1;
  binding *made = calloc(1, sizeof *made + room * (sizeof(dnnl_memory_t) + sizeof(dnnl_exec_arg_t)));
  if (!made) return dnnl_out_of_memory;
  made->arguments = (dnnl_exec_arg_t *)(made + 1);
  made->memories = (dnnl_memory_t *)(made->arguments + room);
  dnnl_status_t status = decant_dnnl.stream_create(&made->stream, decant_dnnl.engine, dnnl_stream_default_flags);
  for (int i = 0; status == dnnl_success && i < count; i++) status = append(made, arguments[i].place, arguments[i].layout);
  if (status == dnnl_success && has_scratch) status = append(made, DNNL_ARG_SCRATCHPAD, &primitive->scratchpad);
  if (status == dnnl_success) {
    *result = made;
    return status;
  }
  destroy(made);
  return status;
}

// Whether a binding is for these arguments: a primitive's layouts never change, so their places say it all.
static int fits(const binding *made, int count, const decant_argument *arguments, int has_scratch) {
  if (!made || made->count != count + has_scratch) return 0;
  for (int i = 0; i < count; i++)
    if (made->arguments[i].arg != arguments[i].place) return 0;
  return 1;
}

// Scratch memory of the thread, for calls one after another.
typedef struct {
  size_t size;
  void *bytes;
} scratch;

static _Thread_local scratch own;
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void drop_scratch(void *bytes) { free(bytes); }
static void make_key(void) { pthread_key_create(&scratch_key, drop_scratch); }

// `size` bytes of scratch memory; NULL when there are none. `*is_own` tells whether the thread keeps them.
static void *scratch_bytes(size_t size, int *is_own) {
  void *bytes = NULL;
  *is_own = size <= KEPT_SCRATCH;
  if (*is_own && own.size >= size) return own.bytes;
  if (posix_memalign(&bytes, ALIGNMENT, size) != 0) return NULL;
  if (!*is_own) return bytes;
  pthread_once(&scratch_once, make_key);
  free(own.bytes);
  own = (scratch){size, bytes};
  pthread_setspecific(scratch_key, bytes);
  return bytes;
}

dnnl_status_t decant_dnnl_execute(decant_primitive *primitive, int threads, int count, const decant_argument *arguments) {
  if (decant_dnnl.set_threads) decant_dnnl.set_threads(threads);
  size_t size = primitive->scratchpad.ndims > 0 ? decant_dnnl_layout_size(&primitive->scratchpad) : 0;
  int is_own = 0;
  void *bytes = NULL;
  if (size > 0 && !(bytes = scratch_bytes(size, &is_own))) return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_success;
  binding *bound = __atomic_exchange_n(&primitive->spare, NULL, __ATOMIC_ACQ_REL);
  if (!fits(bound, count, arguments, size > 0)) {
    destroy(bound);
    bound = NULL;
    status = bind(primitive, count, arguments, size > 0, &bound);
  }
  for (int i = 0; status == dnnl_success && i < count; i++)
    status = decant_dnnl.memory_set_data_handle(bound->memories[i], arguments[i].bytes);
  if (status == dnnl_success && size > 0) status = decant_dnnl.memory_set_data_handle(bound->memories[count], bytes);
  if (status == dnnl_success)
    status = decant_dnnl.primitive_execute(primitive->handle, bound->stream, bound->count, bound->arguments);
  if (status == dnnl_success) status = decant_dnnl.stream_wait(bound->stream);
  if (bound) destroy(__atomic_exchange_n(&primitive->spare, bound, __ATOMIC_ACQ_REL));
  if (!is_own) free(bytes);
  return status;
}

void decant_dnnl_destroy(decant_primitive *primitive) {
  destroy(primitive->spare);
  primitive->spare = NULL;
  if (primitive->handle) decant_dnnl.primitive_destroy(primitive->handle);
  primitive->handle = NULL;
}
