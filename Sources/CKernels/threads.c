#define _GNU_SOURCE
#include "CThreads.h"
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <dlfcn.h>
#include <sched.h>
#endif

enum { MOST_THREADS = 256, STACK_BYTES = 8 << 20 };

typedef struct {
  void (*body)(void *);
  void *argument;
} Work;

static void *run(void *work) {
  ((Work *)work)->body(((Work *)work)->argument);
  return NULL;
}

static void run_on_new_threads(int threads, Work *work) {
  pthread_t helpers[MOST_THREADS];
  int started = 0;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) == 0) {
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    while (started < threads - 1 && started < MOST_THREADS &&
           pthread_create(&helpers[started], &attributes, run, work) == 0)
      started++;
    pthread_attr_destroy(&attributes);
  }
  work->body(work->argument);
  while (started > 0) pthread_join(helpers[--started], NULL);
}

typedef void (*Parallel)(void (*body)(void *), void *argument, unsigned threads, unsigned flags);

// What GCC makes of `#pragma omp parallel`; NULL where there is no libgomp.
static Parallel parallel;

// OpenMP's threads wait for work by spinning for milliseconds; on a machine with other work that costs many times what it
// saves. The runtime reads this when it is loaded, and a user's own choice comes first.
static void load_openmp(void) {
#ifdef __linux__
  if (!getenv("OMP_WAIT_POLICY")) setenv("GOMP_SPINCOUNT", "2000", 0);
  void *library = dlopen("libgomp.so.1", RTLD_LAZY);
  if (library) parallel = (Parallel)dlsym(library, "GOMP_parallel");
#endif
}

void decant_prepare_team(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load_openmp);
}

void decant_team(int threads, void (*body)(void *), void *argument) {
  if (threads <= 1) {
    body(argument);
    return;
  }
  decant_prepare_team();
  if (parallel) {
    parallel(body, argument, (unsigned)threads, 0);
    return;
  }
  Work work = {body, argument};
  run_on_new_threads(threads, &work);
}

int decant_processors(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}
