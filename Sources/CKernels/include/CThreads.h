#ifndef DECANT_CTHREADS_H
#define DECANT_CTHREADS_H
#include <stddef.h>

/// Calls `body(argument)` once on each of up to `threads` threads, this one included, and waits for all of them. There may be
/// fewer threads, and there are when the call comes from inside another: the body takes its share of the work until none is left.
///
/// The threads are OpenMP's, GCC's own, where the machine has it, so that there is one set of them in the process whatever other
/// libraries use; else they are started for the call.
void decant_team(int threads, void (*body)(void *), void *argument);

/// Loads OpenMP with settings that suit machines with other work, unless the user's environment says otherwise: before another
/// library does.
void decant_prepare_team(void);

/// How many processors this process may use, at least 1.
int decant_processors(void);

/// Calls `body(argument, worker, part)` for each part below `parts`, on up to `threads` threads, and waits for all of them.
/// Workers are numbered from 0, below `threads`.
void decant_team_run(int threads, size_t parts, void (*body)(void *argument, size_t worker, size_t part), void *argument);
#endif
