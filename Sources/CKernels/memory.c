#define _GNU_SOURCE
#include "CMemory.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { ALIGNMENT = 64, PAGE = 2 << 20, LARGE = 16 << 20, MEDIUM = 1 << 18, UNIT = 1 << 16 };

static size_t rounded(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

// Blocks of this size come from the system, and take this much of it; 0 for smaller ones.
static size_t mapped_length(size_t size) {
  if (size >= LARGE) return rounded(size, PAGE);
  return size >= MEDIUM ? rounded(size, UNIT) : 0;
}

static void *pages(size_t length) {
  if (length < PAGE) {
    void *start = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? NULL : start;
  }
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
// lengths are multiples of UNIT.

enum { KEPT_BLOCKS = 256 };

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

// Small blocks that a thread has freed, kept for its next ones: by size, in steps of ALIGNMENT and then of a fourth.

enum { FINE = 64, CLASSES = FINE + 24, KEPT_OF_A_CLASS = 16, KEPT_BY_A_THREAD = 4 << 20 };

typedef struct block {
  struct block *next;
} block;

typedef struct {
  size_t bytes;
  block *blocks[CLASSES];
  unsigned char counts[CLASSES];
} small_blocks;

static _Thread_local small_blocks *own;
static pthread_key_t own_key;
static pthread_once_t own_once = PTHREAD_ONCE_INIT;
static atomic_int keeps_small;

static void drop_own(void *argument) {
  small_blocks *blocks = argument;
  own = NULL;
  for (int class = 0; class < CLASSES; class ++)
    for (block *next, *each = blocks->blocks[class]; each; each = next) {
      next = each->next;
      free(each);
    }
  free(blocks);
}

static void make_own_key(void) { pthread_key_create(&own_key, drop_own); }

// The blocks of this thread; NULL where none are kept.
static small_blocks *small(void) {
  if (own || !atomic_load_explicit(&keeps_small, memory_order_relaxed)) return own;
  pthread_once(&own_once, make_own_key);
  own = calloc(1, sizeof *own);
  if (own) pthread_setspecific(own_key, own);
  return own;
}

// The class of blocks of `size` bytes, above 0 and below MEDIUM, and how large those are.
static int class_of(size_t size, size_t *whole) {
  size_t lines = (size - 1) / ALIGNMENT;
  *whole = (lines + 1) * ALIGNMENT;
  if (lines < FINE) return (int)lines;
  int bits = 63 - __builtin_clzll((unsigned long long)lines);
  size_t quarter = (lines >> (bits - 2)) & 3;
  *whole = ((4 + quarter + 1) << (bits - 2)) * ALIGNMENT;
  return FINE + (bits - 6) * 4 + (int)quarter;
}

static void *small_block(size_t size) {
  size_t whole;
  int class = class_of(size, &whole);
  small_blocks *blocks = small();
  block *found = blocks ? blocks->blocks[class] : NULL;
  if (!found) return aligned_alloc(ALIGNMENT, whole);
  blocks->blocks[class] = found->next;
  blocks->counts[class]--;
  blocks->bytes -= whole;
  return found;
}

static void free_small(void *bytes, size_t size) {
  size_t whole;
  int class = class_of(size, &whole);
  small_blocks *blocks = small();
  if (!blocks || blocks->counts[class] == KEPT_OF_A_CLASS || blocks->bytes + whole > KEPT_BY_A_THREAD) {
    free(bytes);
    return;
  }
  block *freed = bytes;
  freed->next = blocks->blocks[class];
  blocks->blocks[class] = freed;
  blocks->counts[class]++;
  blocks->bytes += whole;
}

// Memory for a block that is smaller than a large page: the beginning of one, the rest of which is kept for the next.
static void *part_of_page(size_t length) {
  pthread_mutex_lock(&kept.lock);
  int has_room = kept.bytes + PAGE <= kept.limit && kept.count < KEPT_BLOCKS;
  pthread_mutex_unlock(&kept.lock);
  char *start = pages(has_room ? PAGE : length);
  if (start && has_room) keep(start + length, PAGE - length);
  return start;
}

static void *bytes_of(size_t size, int are_zero) {
  if (size == 0 || size > SIZE_MAX - 2 * (size_t)PAGE) return NULL;
  size_t length = mapped_length(size);
  if (length == 0) {
    void *bytes = small_block(size);
    return bytes && are_zero ? memset(bytes, 0, size) : bytes;
  }
  void *known = kept_block(length);
  if (!known) return length < PAGE ? part_of_page(length) : pages(length);
  return are_zero ? memset(known, 0, size) : known;
}

void *decant_bytes(size_t size) { return bytes_of(size, 0); }

void *decant_zeroed(size_t size) { return bytes_of(size, 1); }

void decant_free(void *bytes, size_t size) {
  if (bytes == NULL) return;
  size_t length = mapped_length(size);
  if (length > 0)
    keep(bytes, length);
  else
    free_small(bytes, size);
}

void decant_keep_freed_memory(void) {
  pthread_mutex_lock(&kept.lock);
  kept.limit = (size_t)256 << 20;
  pthread_mutex_unlock(&kept.lock);
  atomic_store(&keeps_small, 1);
#ifdef __GLIBC__
  // Smaller blocks than this are not mapped and unmapped one by one; beyond the second, the free end of the heap goes back.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}
