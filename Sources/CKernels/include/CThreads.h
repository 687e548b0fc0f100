#ifndef DECANT_CTHREADS_H
#define DECANT_CTHREADS_H

/// Calls `body(argument)` once on each of up to `threads` threads, this one included, and waits for all of them. There may be
/// fewer threads, and there are when the call comes from inside another: the body takes its share of the work until none is left.
///
/// The threads are OpenMP's where another library has loaded it, so that there is one set of them in the process; else they are
/// started for the call.
void decant_team(int threads, void (*body)(void *), void *argument);

/// How many processors this process may use, at least 1.
int decant_processors(void);
#endif
