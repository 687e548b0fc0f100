#ifndef DECANT_CTHREADS_H
#define DECANT_CTHREADS_H
#include <stddef.h>

/// Calls `body(argument, member, part)` for each part below `parts`, on up to `threads` threads, this one included, and waits for
/// all of them. Members of the team are numbered from 0, below `threads`. The process has one team: a call that finds it at work, as
/// one from inside another does, is done by the calling thread alone.
///
/// Consecutive parts go to the same member, who takes others only when its own are done: what one call leaves in a processor's
/// cache is there for the next that cuts its work alike. With `in_order`, whoever is free takes the next of all parts.
void decant_team(
    int threads, size_t parts, int in_order, void (*body)(void *argument, size_t member, size_t part), void *argument);

/// What GCC makes of `#pragma omp parallel`: calls `body(argument)` on each of so many threads.
typedef void decant_parallel(void (*body)(void *), void *argument, unsigned threads, unsigned flags);

/// From now on teams are made of the threads of another library, which is about to use them for its own work: two sets of threads
/// that wait for work take each other's processor. `member` gives the number of the calling thread in its team. Without both
/// nothing changes.
void decant_join_threads(decant_parallel *parallel, int (*member)(void));

/// How many processors this process may use, at least 1.
int decant_processors(void);
#endif
