#include "library.h"
#include "COneDNN.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

decant_library decant_dnnl;

static char failure[512];
static int failed;

static void *find(void *library, const char *name) {
  void *function = dlsym(library, name);
  if (!function && !failed) {
    failed = 1;
    snprintf(failure, sizeof failure, "libdnnl has no '%s'", name);
  }
  return function;
}

// OpenMP's threads wait for work by spinning for milliseconds; on a machine with other work that costs many times what it
// saves. The runtime reads this when it is loaded, and a user's own choice comes first.
static void wait_patiently(void) {
  if (!getenv("OMP_WAIT_POLICY")) setenv("GOMP_SPINCOUNT", "2000", 0);
}

static void load(void) {
  wait_patiently();
  void *library = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    failed = 1;
    snprintf(failure, sizeof failure, "%s", reason ? reason : "cannot load libdnnl.so.2");
    return;
  }
#define X(name) decant_dnnl.name = (__typeof__(&dnnl_##name))find(library, "dnnl_" #name);
  DECANT_DNNL_FUNCTIONS(X)
#undef X
  decant_dnnl.set_threads = (void (*)(int))dlsym(library, "omp_set_num_threads");
  decant_dnnl.parallel = (decant_dnnl_team *)dlsym(library, "GOMP_parallel");
  decant_dnnl.member = (int (*)(void))dlsym(library, "omp_get_thread_num");
  if (failed) return;
  const dnnl_version_t *version = decant_dnnl.version();
  if (version->major != DNNL_VERSION_MAJOR || version->minor < DNNL_VERSION_MINOR) {
    failed = 1;
    snprintf(failure, sizeof failure, "expected libdnnl %d.%d, got %d.%d", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR,
             version->major, version->minor);
    return;
  }
  if (decant_dnnl.engine_create(&decant_dnnl.engine, dnnl_cpu, 0) != dnnl_success) {
    failed = 1;
    snprintf(failure, sizeof failure, "libdnnl finds no processor to run on");
  }
}

const char *decant_dnnl_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return failed ? failure : NULL;
}

decant_dnnl_team *decant_dnnl_parallel(void) { return decant_dnnl.parallel; }
int (*decant_dnnl_member(void))(void) { return decant_dnnl.member; }

const char *decant_dnnl_status(dnnl_status_t status) { return decant_dnnl.status2str(status); }
