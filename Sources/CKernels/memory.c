#define _GNU_SOURCE
#include "CMemory.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { ALIGNMENT = 64, PAGE = 2 << 20, LARGE = 16 << 20 };

static size_t rounded(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

static void *pages(size_t size) {
  if (size > SIZE_MAX - 2 * (size_t)PAGE) return NULL;
  size_t length = rounded(size, PAGE);
  char *start = mmap(NULL, length + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return NULL;
  char *first = (char *)rounded((uintptr_t)start, PAGE);
  if (first > start) munmap(start, (size_t)(first - start));
  if (first < start + PAGE) munmap(first + length, (size_t)(start + PAGE - first));
#if defined(MADV_HUGEPAGE)
  madvise(first, length, MADV_HUGEPAGE);
#endif
  return first;
}

void *decant_zeroed(size_t size) {
  if (size == 0) return NULL;
  if (size >= LARGE) return pages(size);
  void *bytes = aligned_alloc(ALIGNMENT, rounded(size, ALIGNMENT));
  return bytes ? memset(bytes, 0, size) : NULL;
}

void decant_free(void *bytes, size_t size) {
  if (bytes == NULL) return;
  if (size >= LARGE)
    munmap(bytes, rounded(size, PAGE));
  else
    free(bytes);
}

void decant_keep_freed_memory(void) {
#ifdef __GLIBC__
  // Larger blocks than the first are mapped and unmapped as ever; beyond the second, the free end of the heap goes back.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}
