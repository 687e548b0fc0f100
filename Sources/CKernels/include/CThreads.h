#ifndef DECANT_CTHREADS_H
#define DECANT_CTHREADS_H
#include <stddef.h>

/// A running thread, to be joined once.
typedef struct DecantThread DecantThread;

/// Starts a thread with a stack of `stack` bytes that calls `body(argument)`; NULL when the system has none to spare.
DecantThread *decant_thread_start(size_t stack, void (*body)(void *), void *argument);

/// Waits for the thread to end and forgets it.
void decant_thread_join(DecantThread *thread);

/// How many processors this process may use, at least 1.
int decant_processors(void);
#endif
