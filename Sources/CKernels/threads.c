#define _GNU_SOURCE
#include "CThreads.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

// A team is the calling thread and helpers that are kept for the next call. The caller never waits for a helper that has not begun:
// where the machine is busy with other work it does theirs too.

// So often a helper looks for work, or a caller at the last helpers, before it sleeps: about half a millisecond.
enum { MOST_THREADS = 64, STACK_BYTES = 8 << 20, LINE = 64, LOOKS = 10000 };

// Consecutive parts, for one member of a team before all others.
typedef struct {
  _Alignas(LINE) atomic_size_t next;
  size_t end;
} Share;

typedef struct {
  void (*body)(void *, size_t, size_t);
  void *argument;
  size_t members, count;  // count: of shares
  Share shares[MOST_THREADS];
} Job;

// A member does its own share and then what is left of those after it.
static void work(Job *job, size_t member) {
  for (size_t i = 0; i < job->count; i++) {
    Share *share = &job->shares[(member + i) % job->count];
    size_t part;
    while ((part = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed)) < share->end)
      job->body(job->argument, member, part);
  }
}

enum { IS_OPEN = 1, ONE_INSIDE = 2 };

static struct {
  // One call has the team at a time; others work alone.
  _Alignas(LINE) atomic_flag is_taken;
  size_t helpers;
  Job *job;
  // Counts the jobs; helpers wait for the next.
  _Alignas(LINE) atomic_uint jobs;
  atomic_int sleepers, caller_sleeps;
  // Whether helpers may still begin with the job, and how many are at it.
  _Alignas(LINE) atomic_uint gate;
  pthread_mutex_t lock;
  pthread_cond_t has_job, is_empty;
} team = {
    .is_taken = ATOMIC_FLAG_INIT,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .has_job = PTHREAD_COND_INITIALIZER,
    .is_empty = PTHREAD_COND_INITIALIZER,
};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int enter(void) {
  unsigned gate = atomic_load(&team.gate);
  while (gate & IS_OPEN)
    if (atomic_compare_exchange_weak(&team.gate, &gate, gate + ONE_INSIDE)) return 1;
  return 0;
}

static void leave(void) {
  if (atomic_fetch_sub(&team.gate, ONE_INSIDE) != ONE_INSIDE || !atomic_load(&team.caller_sleeps)) return;
  pthread_mutex_lock(&team.lock);
  pthread_cond_signal(&team.is_empty);
  pthread_mutex_unlock(&team.lock);
}

// Waits until there were more jobs than `seen`, and gives how many.
static unsigned next_job(unsigned seen) {
  unsigned jobs;
  for (int look = 0; look < LOOKS; look++) {
    if ((jobs = atomic_load(&team.jobs)) != seen) return jobs;
    pause_briefly();
  }
  pthread_mutex_lock(&team.lock);
  atomic_fetch_add(&team.sleepers, 1);
  while ((jobs = atomic_load(&team.jobs)) == seen) pthread_cond_wait(&team.has_job, &team.lock);
  atomic_fetch_sub(&team.sleepers, 1);
  pthread_mutex_unlock(&team.lock);
  return jobs;
}

static void *help(void *argument) {
  size_t member = (size_t)argument;
  for (unsigned seen = 0;; seen = next_job(seen)) {
    if (!enter()) continue;
    if (member < team.job->members) work(team.job, member);
    leave();
  }
  return NULL;
}

// Sees to it that there are so many helpers, if the system gives them.
static void start_helpers(size_t count) {
  pthread_attr_t attributes;
  if (team.helpers >= count || pthread_attr_init(&attributes) != 0) return;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  while (team.helpers < count && pthread_create(&thread, &attributes, help, (void *)(team.helpers + 1)) == 0) team.helpers++;
  pthread_attr_destroy(&attributes);
}

static void open_gate(Job *job) {
  team.job = job;
  atomic_store(&team.gate, IS_OPEN);
  atomic_fetch_add(&team.jobs, 1);
  if (!atomic_load(&team.sleepers)) return;
  pthread_mutex_lock(&team.lock);
  pthread_cond_broadcast(&team.has_job);
  pthread_mutex_unlock(&team.lock);
}

// Lets no more helpers in, and waits for those at work.
static void close_gate(void) {
  atomic_fetch_and(&team.gate, ~(unsigned)IS_OPEN);
  for (int look = 0; look < LOOKS; look++) {
    if (!atomic_load(&team.gate)) return;
    pause_briefly();
  }
  pthread_mutex_lock(&team.lock);
  atomic_store(&team.caller_sleeps, 1);
  while (atomic_load(&team.gate)) pthread_cond_wait(&team.is_empty, &team.lock);
  atomic_store(&team.caller_sleeps, 0);
  pthread_mutex_unlock(&team.lock);
}

// Threads of another library's, which then do the work of helpers.
static struct {
  decant_parallel *_Atomic parallel;
  int (*member)(void);
} foreign;

static void work_as_member(void *job) { work(job, (size_t)foreign.member()); }

static void run_job(Job *job) {
  decant_parallel *parallel = atomic_load_explicit(&foreign.parallel, memory_order_acquire);
  if (parallel) {
    parallel(work_as_member, job, (unsigned)job->members, 0);
    return;
  }
  start_helpers(job->members - 1);
  open_gate(job);
  work(job, 0);
  close_gate();
}

void decant_team(
    int threads, size_t parts, int in_order, void (*body)(void *, size_t, size_t), void *argument) {
  size_t members = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : (size_t)threads;
  if (members > parts) members = parts;
  if (members <= 1 || atomic_flag_test_and_set(&team.is_taken)) {
    for (size_t part = 0; part < parts; part++) body(argument, 0, part);
    return;
  }
  Job job;
  job.body = body;
  job.argument = argument;
  job.members = members;
  job.count = in_order ? 1 : members;
  for (size_t i = 0; i < job.count; i++) {
    atomic_init(&job.shares[i].next, parts * i / job.count);
    job.shares[i].end = parts * (i + 1) / job.count;
  }
  run_job(&job);
  atomic_flag_clear(&team.is_taken);
}

void decant_join_threads(decant_parallel *parallel, int (*member)(void)) {
  if (!parallel || !member) return;
  foreign.member = member;
  atomic_store(&foreign.parallel, parallel);
}

int decant_processors(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}
