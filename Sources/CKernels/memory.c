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

// Large blocks that were freed, kept for the next ones: by address, cut where less is needed and joined where they touch. All
// lengths are multiples of PAGE.

enum { KEPT_BLOCKS = 64 };

static struct {
  pthread_mutex_t lock;
  size_t limit, bytes;
  int count;
  struct {
    char *start;
    size_t length;
  } blocks[KEPT_BLOCKS];
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

// Takes entry `index` out of the list. Only with the lock.
static void drop_entry(int index) {
  kept.count--;
  for (int next = index; next < kept.count; next++) kept.blocks[next] = kept.blocks[next + 1];
}

// Memory of this length from the smallest kept block that has as much; NULL when there is none.
static void *kept_block(size_t length) {
  char *found = NULL;
  pthread_mutex_lock(&kept.lock);
  int best = -1;
  for (int index = 0; index < kept.count; index++)
    if (kept.blocks[index].length >= length && (best < 0 || kept.blocks[index].length < kept.blocks[best].length))
      best = index;
  if (best >= 0) {
    found = kept.blocks[best].start;
    kept.blocks[best].start += length;
    kept.blocks[best].length -= length;
    kept.bytes -= length;
    if (kept.blocks[best].length == 0) drop_entry(best);
  }
  pthread_mutex_unlock(&kept.lock);
  return found;
}

// Puts a block into the list; 0 when there is no room. Only with the lock.
static int insert(char *start, size_t length) {
  if (kept.bytes + length > kept.limit) return 0;
  int index = 0;
  while (index < kept.count && kept.blocks[index].start < start) index++;
  int follows = index > 0 && kept.blocks[index - 1].start + kept.blocks[index - 1].length == start;
  int precedes = index < kept.count && start + length == kept.blocks[index].start;
  if (!follows && !precedes && kept.count == KEPT_BLOCKS) return 0;
  kept.bytes += length;
  if (follows) {
    kept.blocks[index - 1].length += length;
    if (!precedes) return 1;
    kept.blocks[index - 1].length += kept.blocks[index].length;
    drop_entry(index);
  } else if (precedes) {
    kept.blocks[index].start = start;
    kept.blocks[index].length += length;
  } else {
    for (int next = kept.count++; next > index; next--) kept.blocks[next] = kept.blocks[next - 1];
    kept.blocks[index].start = start;
    kept.blocks[index].length = length;
  }
  return 1;
}

static void keep(void *start, size_t length) {
  pthread_mutex_lock(&kept.lock);
  int stays = insert(start, length);
  pthread_mutex_unlock(&kept.lock);
  if (!stays) munmap(start, length);
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
