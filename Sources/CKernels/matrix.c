#include "CKernels.h"
#include "lanes.h"

// Panels of both factors are copied so that the innermost loop walks memory in order: a tile of ROWS x COLUMNS sums over DEPTH
// products each, all at once where registers hold as many, else part by part. Every sum is taken in the same order whatever the
// tile it lies in, and fused multiply-adds are spelled, so results are the same on every machine.
enum { ROWS = 12, COLUMNS = 2 * LANES, DEPTH = 256, BAND = 8 * COLUMNS };

// The sums of `height` rows by `width` vectors of a tile.
INLINED void part(
    const float *restrict a, const float *restrict b, size_t depth, int height, int width, float *restrict sums) {
  lanes s[ROWS][COLUMNS / LANES] = {{0}};
  for (size_t p = 0; p < depth; p++, a += ROWS, b += COLUMNS) {
    lanes row[COLUMNS / LANES];
#pragma clang loop unroll(full)
    for (int x = 0; x < width; x++) row[x] = load(b + x * LANES);
#pragma clang loop unroll(full)
    for (int y = 0; y < height; y++)
#pragma clang loop unroll(full)
      for (int x = 0; x < width; x++) s[y][x] = multiply_add(row[x], a[y], s[y][x]);
  }
#pragma clang loop unroll(full)
  for (int y = 0; y < height; y++)
#pragma clang loop unroll(full)
    for (int x = 0; x < width; x++) store(sums + y * COLUMNS + x * LANES, s[y][x]);
}

INLINED void tile(const float *a, const float *b, size_t depth, int is_wide, float *sums) {
  enum { HEIGHT = 6 };
  if (is_wide) {
    part(a, b, depth, ROWS, COLUMNS / LANES, sums);
    return;
  }
  for (size_t x = 0; x < COLUMNS; x += LANES)
    for (size_t y = 0; y < ROWS; y += HEIGHT) part(a + y, b + x, depth, HEIGHT, 1, sums + y * COLUMNS + x);
}

// Copies `count` elements of `lines` lines of a factor into panels of `whole` interleaved lines, the missing ones zero. Panels are
// filled side by side, for lines that lie side by side in memory.
INLINED void pack(
    const float *restrict source, size_t line_stride, size_t step, size_t lines, size_t whole, size_t count,
    float *restrict panels) {
  for (size_t p = 0; p < count; p++)
    for (size_t first = 0; first < lines; first += whole) {
      float *to = panels + first * DEPTH + p * whole;
      const float *from = source + first * line_stride + p * step;
      size_t width = lines - first < whole ? lines - first : whole;
      if (line_stride == 1 && width == whole)
        memcpy(to, from, whole * sizeof(float));
      else
        for (size_t i = 0; i < whole; i++) to[i] = i < width ? from[i * line_stride] : 0;
    }
}

// Adds the sums of a tile, times a factor, to the result.
INLINED void add(float factor, const float *restrict sums, size_t height, size_t width, float *restrict c, size_t c_row) {
  for (size_t y = 0; y < height; y++, c += c_row, sums += COLUMNS) {
    if (width == COLUMNS) {
      for (size_t x = 0; x < COLUMNS; x += LANES) store(c + x, load(c + x) + factor * load(sums + x));
    } else {
      for (size_t x = 0; x < width; x++) c[x] += factor * sums[x];
    }
  }
}

// Fetches the part of the result that a tile will be added to.
INLINED void fetch(const float *c, size_t c_row, size_t height, size_t width) {
  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x += LANES) __builtin_prefetch(c + y * c_row + x, 1);
}

static int has_wide_registers(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f");
#else
  return 0;
#endif
}

WIDE DISPATCHED void decant_multiply_add_f32(
    size_t rows, size_t columns, size_t depth, float factor, const float *a, size_t a_row, size_t a_step, const float *b,
    size_t b_step, size_t b_column, float *c, size_t c_row, float *scratch) {
  float sums[ROWS * COLUMNS];
  float *b_panels = scratch + (rows + ROWS - 1) / ROWS * ROWS * DEPTH;
  int is_wide = has_wide_registers();
  for (size_t start = 0; start < depth; start += DEPTH) {
    size_t count = depth - start < DEPTH ? depth - start : DEPTH;
    pack(a + start * a_step, a_row, a_step, rows, ROWS, count, scratch);
    for (size_t band = 0; band < columns; band += BAND) {
      size_t end = columns - band < BAND ? columns : band + BAND;
      pack(b + band * b_column + start * b_step, b_column, b_step, end - band, COLUMNS, count, b_panels);
      for (size_t j = band; j < end; j += COLUMNS) {
        size_t width = end - j < COLUMNS ? end - j : COLUMNS;
        for (size_t i = 0; i < rows; i += ROWS) {
          size_t height = rows - i < ROWS ? rows - i : ROWS;
          fetch(c + i * c_row + j, c_row, height, width);
          tile(scratch + i * DEPTH, b_panels + (j - band) * DEPTH, count, is_wide, sums);
          add(factor, sums, height, width, c + i * c_row + j, c_row);
        }
      }
    }
  }
}

size_t decant_multiply_scratch(size_t rows) {
  return ((rows + ROWS - 1) / ROWS * ROWS + BAND) * DEPTH;
}

// Panels of ROWS elements of each row, then panels of COLUMNS.
_Static_assert(DECANT_GRAM_STEP % ROWS == 0 && DECANT_GRAM_STEP % COLUMNS == 0, "panels of both kinds end at a step");
_Static_assert((int)DECANT_GRAM_ROWS == (int)DEPTH, "a chunk is as deep as panels are");

// The elements of the panels of one kind.
static size_t half(size_t columns) {
  return (columns + DECANT_GRAM_STEP - 1) / DECANT_GRAM_STEP * DECANT_GRAM_STEP * DEPTH;
}

size_t decant_gram_panels_size(size_t columns) {
  return 2 * half(columns);
}

// Copies a step of each of some rows into panels of `whole` elements of each row.
INLINED void spread(const float *const *rows, size_t count, size_t whole, float *restrict panels) {
  for (size_t first = 0; first < DECANT_GRAM_STEP; first += whole)
    for (size_t p = 0; p < count; p++)
      memcpy(panels + first * DEPTH + p * whole, rows[p] + first, whole * sizeof(float));
}

DISPATCHED void decant_gram_pack(
    const float *const *rows, size_t count, size_t columns, size_t first, size_t end, float *panels) {
  // Some rows at a time stay in the cache, however far apart they lie.
  enum { SOME = 8 };
  float edge[SOME][DECANT_GRAM_STEP];
  for (size_t p = 0; p < count; p += SOME) {
    size_t some = count - p < SOME ? count - p : SOME;
    for (size_t x = first; x < end; x += DECANT_GRAM_STEP) {
      size_t width = end - x < DECANT_GRAM_STEP ? end - x : DECANT_GRAM_STEP;
      const float *from[SOME];
      for (size_t i = 0; i < some; i++) {
        from[i] = rows[p + i] + x;
        if (width == DECANT_GRAM_STEP) continue;
        memset(edge[i], 0, sizeof edge[i]);
        from[i] = memcpy(edge[i], from[i], width * sizeof(float));
      }
      spread(from, some, ROWS, panels + x * DEPTH + p * ROWS);
      spread(from, some, COLUMNS, panels + half(columns) + x * DEPTH + p * COLUMNS);
    }
  }
}

WIDE DISPATCHED void decant_gram_add(
    const float *panels, size_t count, size_t columns, size_t first, size_t rows, float *sums) {
  float part_sums[ROWS * COLUMNS];
  int is_wide = has_wide_registers();
  size_t row = columns - first;
  const float *tall = panels + first * DEPTH, *wide = tall + half(columns);
  for (size_t j = 0; j < row; j += COLUMNS) {
    size_t width = row - j < COLUMNS ? row - j : COLUMNS;
    for (size_t i = 0; i < rows && i < j + width; i += ROWS) {
      size_t height = rows - i < ROWS ? rows - i : ROWS;
      float *to = sums + i * row + j;
      fetch(to, row, height, width);
      tile(tall + i * DEPTH, wide + j * DEPTH, count, is_wide, part_sums);
      add(1, part_sums, height, width, to, row);
    }
  }
}
