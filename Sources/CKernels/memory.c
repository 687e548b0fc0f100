#define _GNU_SOURCE
#include "CMemory.h"
#include <pthread.h>
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

// Large blocks that were freed, kept for the next ones of about their size.

enum { KEPT_BLOCKS = 32 };

static struct {
  pthread_mutex_t lock;
  size_t limit, bytes;
  int count;
  struct {
    void *start;
    size_t length;
  } blocks[KEPT_BLOCKS];  // the oldest first
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

// Takes block `index` out of the list. Only with the lock.
static void *take(int index) {
  void *start = kept.blocks[index].start;
  kept.bytes -= kept.blocks[index].length;
  kept.count--;
  for (int next = index; next < kept.count; next++) kept.blocks[next] = kept.blocks[next + 1];
  return start;
}

// A kept block of just this length, which is a multiple of PAGE; NULL when there is none.
static void *kept_block(size_t length) {
  void *found = NULL;
  pthread_mutex_lock(&kept.lock);
  for (int index = kept.count - 1; index >= 0 && !found; index--)
    if (kept.blocks[index].length == length) found = take(index);
  pthread_mutex_unlock(&kept.lock);
  return found;
}

// Keeps a block if there is room, the oldest making way; else it goes back to the system.
static void keep(void *start, size_t length) {
  pthread_mutex_lock(&kept.lock);
  while (kept.count > 0 && (kept.count == KEPT_BLOCKS || kept.bytes + length > kept.limit)) {
    size_t oldest = kept.blocks[0].length;
    munmap(take(0), oldest);
  }
  if (length <= kept.limit) {
    kept.blocks[kept.count].start = start;
    kept.blocks[kept.count++].length = length;
    kept.bytes += length;
    start = NULL;
  }
  pthread_mutex_unlock(&kept.lock);
  if (start) munmap(start, length);
}

void *decant_bytes(size_t size) {
  if (size == 0) return NULL;
  if (size < LARGE) return aligned_alloc(ALIGNMENT, rounded(size, ALIGNMENT));
  if (size > SIZE_MAX - 2 * (size_t)PAGE) return NULL;
  void *known = kept_block(rounded(size, PAGE));
  return known ? known : pages(size);
}

void *decant_zeroed(size_t size) {
  if (size == 0) return NULL;
  if (size >= LARGE) {
    if (size > SIZE_MAX - 2 * (size_t)PAGE) return NULL;
    void *known = kept_block(rounded(size, PAGE));
    return known ? memset(known, 0, size) : pages(size);
  }
  void *bytes = aligned_alloc(ALIGNMENT, rounded(size, ALIGNMENT));
  return bytes ? memset(bytes, 0, size) : NULL;
}

void decant_free(void *bytes, size_t size) {
  if (bytes == NULL) return;
  if (size >= LARGE)
    keep(bytes, rounded(size, PAGE));
  else
    free(bytes);
}

void decant_keep_freed_memory(void) {
  pthread_mutex_lock(&kept.lock);
  kept.limit = (size_t)256 << 20;
  pthread_mutex_unlock(&kept.lock);
#ifdef __GLIBC__
  // Smaller blocks than this are not mapped and unmapped one by one; beyond the second, the free end of the heap goes back.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}
