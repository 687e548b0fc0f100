// Memory that is aligned for vectors, and large pieces of it in large pages.
#ifndef DECANT_CMEMORY_H
#define DECANT_CMEMORY_H
#include <stddef.h>

// `size` bytes at a multiple of 64; NULL when there is no memory, or for 0 bytes. What is in them is not specified.
//
// From 256 KiB on they come from the system, and from 16 MiB on in pages of 2 MiB where it has them: touching them first costs a
// tenth.
void *decant_bytes(size_t size);

// The same, all zero.
void *decant_zeroed(size_t size);

// Gives back what `decant_bytes(size)` or `decant_zeroed(size)` returned.
void decant_free(void *bytes, size_t size);

// Lets the process keep up to 256 MiB of freed memory for its next allocations, and each thread 4 MiB of small blocks, instead of
// giving each large block back to the system, which zeroes it page by page when it is asked for again.
void decant_keep_freed_memory(void);
#endif
