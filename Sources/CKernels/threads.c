// The thread types of C differ between systems and leak through other modules; Swift sees only an opaque one.
#define _GNU_SOURCE
#include "CThreads.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

struct DecantThread {
  pthread_t handle;
  void (*body)(void *);
  void *argument;
};

static void *run(void *thread) {
  DecantThread *self = thread;
  self->body(self->argument);
  return NULL;
}

DecantThread *decant_thread_start(size_t stack, void (*body)(void *), void *argument) {
  DecantThread *thread = malloc(sizeof *thread);
  if (!thread) return NULL;
  thread->body = body;
  thread->argument = argument;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) == 0) {
    pthread_attr_setstacksize(&attributes, stack);
    int status = pthread_create(&thread->handle, &attributes, run, thread);
    pthread_attr_destroy(&attributes);
    if (status == 0) return thread;
  }
  free(thread);
  return NULL;
}

void decant_thread_join(DecantThread *thread) {
  pthread_join(thread->handle, NULL);
  free(thread);
}

int decant_processors(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}
