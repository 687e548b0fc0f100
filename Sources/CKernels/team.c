#include "CThreads.h"
#include <stdatomic.h>

typedef struct {
  void (*body)(void *, size_t, size_t);
  void *argument;
  size_t parts;
  atomic_size_t next_worker, next_part;
} Job;

static void work(void *argument) {
  Job *job = argument;
  size_t worker = atomic_fetch_add_explicit(&job->next_worker, 1, memory_order_relaxed), part;
  while ((part = atomic_fetch_add_explicit(&job->next_part, 1, memory_order_relaxed)) < job->parts)
    job->body(job->argument, worker, part);
}

void decant_team_run(int threads, size_t parts, void (*body)(void *, size_t, size_t), void *argument) {
  size_t count = threads < 1 ? 1 : (size_t)threads;
  Job job = {body, argument, parts, 0, 0};
  decant_team((int)(count < parts ? count : parts), work, &job);
}
