#include "CEngine.h"
#include "lanes.h"
#include "transpose.h"
#include <math.h>

// Scores are computed for QUERIES queries and KEYS keys at a time, which stay in the first cache. Each is one sum in order, whatever
// the block it lies in.
enum { ROWS = 8, VECTORS = 2, COLUMNS = VECTORS * LANES, QUERIES = 16, KEYS = 128 };

// Whether ROWS x COLUMNS sums fit the registers; else a quarter of them do.
INLINED int has_many_registers(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f");
#else
  return 0;
#endif
}

INLINED size_t rounded(size_t count, size_t step) { return (count + step - 1) / step * step; }

size_t decant_attention_scratch(size_t keys, size_t size, size_t value_size) {
  size_t all = rounded(keys, COLUMNS), width = rounded(value_size, COLUMNS);
  return all * size + all * width + QUERIES * (size + KEYS + width) + LANES;
}

// Rows of a factor, how far they lie apart, and how many products make a sum.
typedef struct {
  const float *a, *b;
  size_t a_row, b_row, depth;
} factors;

// sums[y][x] = the sum over p < depth of a[y * a_row + p] b[p * b_row + x], after what they held before unless they are `fresh`.
INLINED void multiply_part(factors f, int rows, int vectors, int fresh, float *sums, size_t row) {
  lanes s[ROWS][VECTORS];
#pragma clang loop unroll(full)
  for (int y = 0; y < rows; y++)
#pragma clang loop unroll(full)
    for (int x = 0; x < vectors; x++) s[y][x] = fresh ? 0 : load(sums + (size_t)y * row + x * LANES);
  for (size_t p = 0; p < f.depth; p++) {
    lanes v[VECTORS];
#pragma clang loop unroll(full)
    for (int x = 0; x < vectors; x++) v[x] = load(f.b + p * f.b_row + x * LANES);
#pragma clang loop unroll(full)
    for (int y = 0; y < rows; y++)
#pragma clang loop unroll(full)
      for (int x = 0; x < vectors; x++) s[y][x] = multiply_add(v[x], f.a[(size_t)y * f.a_row + p], s[y][x]);
  }
#pragma clang loop unroll(full)
  for (int y = 0; y < rows; y++)
#pragma clang loop unroll(full)
    for (int x = 0; x < vectors; x++) store(sums + (size_t)y * row + x * LANES, s[y][x]);
}

// The same for `height` x COLUMNS sums; a height that is not a multiple of ROWS is rounded up.
INLINED void multiply(factors f, size_t height, int fresh, float *sums, size_t row) {
  int has_many = has_many_registers();
  for (size_t y = 0; y < height; y += ROWS, f.a += ROWS * f.a_row, sums += ROWS * row) {
    if (has_many) {
      multiply_part(f, ROWS, VECTORS, fresh, sums, row);
      continue;
    }
    factors part = f;
    for (size_t i = 0; i < ROWS; i += ROWS / 2, part.a += ROWS / 2 * f.a_row)
      for (size_t x = 0; x < COLUMNS; x += LANES) {
        part.b = f.b + x;
        multiply_part(part, ROWS / 2, 1, fresh, sums + i * row + x, row);
      }
  }
}

// Panels of COLUMNS keys, interleaved: element p of key j of a panel lies at p * COLUMNS + j. Missing keys are zero.
INLINED void pack_keys(const decant_attention *a, float *panels) {
  for (size_t start = 0; start < a->keys; start += COLUMNS, panels += a->size * COLUMNS) {
    size_t count = a->keys - start < COLUMNS ? a->keys - start : COLUMNS, j = 0;
    const float *from = a->k + start * a->k_row;
    if (count < COLUMNS) memset(panels, 0, a->size * COLUMNS * sizeof(float));
    if (a->k_row == 1) {
      for (size_t p = 0; p < a->size; p++) memcpy(panels + p * COLUMNS, from + p * a->k_step, count * sizeof(float));
      continue;
    }
    for (; a->k_step == 1 && j + SIDE <= count; j += SIDE) {
      size_t p = 0;
      for (; p + SIDE <= a->size; p += SIDE)
        transpose_block(
            (const uint32_t *)(from + j * a->k_row + p), a->k_row, (uint32_t *)(panels + p * COLUMNS + j), COLUMNS);
      for (; p < a->size; p++)
        for (size_t i = 0; i < SIDE; i++) panels[p * COLUMNS + j + i] = from[(j + i) * a->k_row + p];
    }
    for (; j < count; j++)
      for (size_t p = 0; p < a->size; p++) panels[p * COLUMNS + j] = from[j * a->k_row + p * a->k_step];
  }
}

// Rows of `to`, `width` elements each, of which the first `count` are copied and the others zero.
INLINED void pack_rows(const float *from, size_t row, size_t rows, size_t count, float *to, size_t width) {
  for (size_t i = 0; i < rows; i++) {
    memcpy(to + i * width, from + i * row, count * sizeof(float));
    memset(to + i * width + count, 0, (width - count) * sizeof(float));
  }
}

// Scales and masks the scores of one query for `count` keys from `start` on, the rest of `width` being hidden; gives the largest.
INLINED float mask_scores(const decant_attention *a, size_t query, size_t start, size_t count, size_t width, float *scores) {
  const float *mask = a->mask ? a->mask + query * a->mask_row + start : NULL;
  lanes top = -INFINITY, factor = a->factor;
  size_t seen = count;
  if (a->is_causal) {
    size_t end = query + a->past + 1;
    seen = end <= start ? 0 : end - start < count ? end - start : count;
  }
  size_t i = 0;
  for (; i + LANES <= seen; i += LANES) {
    lanes v = mask ? multiply_add(load(scores + i), factor, load(mask + i)) : load(scores + i) * factor;
    top = choose(v > top, v, top);
    store(scores + i, v);
  }
  if (i < seen) {
    lanes v = load_some(scores + i, seen - i, 0);
    v = mask ? multiply_add(v, factor, load_some(mask + i, seen - i, 0)) : v * factor;
    for (size_t hidden = seen - i; hidden < LANES; hidden++) v[hidden] = -INFINITY;
    top = choose(v > top, v, top);
    store(scores + i, v);
    i += LANES;
  }
  for (; i < width; i += LANES) store(scores + i, -INFINITY);
  return largest_of(top);
}

// scores = e^(scores - top); gives their sum.
INLINED float raise_scores(float *scores, size_t width, float top) {
  lanes sums = 0;
  for (size_t i = 0; i < width; i += LANES) {
    lanes v = exp_below(load(scores + i) - top);
    sums += v;
    store(scores + i, v);
  }
  return sum_of(sums);
}

// What is known of a query after some of its keys.
typedef struct {
  float top, sum;
} progress;

// Makes weights of the scores of one query; what was summed before is brought to the new largest score.
INLINED void weigh(
    const decant_attention *a, size_t query, size_t start, size_t count, float *scores, progress *known, float *sums,
    size_t width) {
  size_t whole = rounded(count, COLUMNS);
  float top = mask_scores(a, query, start, count, whole, scores);
  top = top > known->top ? top : known->top;
  if (top == -INFINITY) {
    // Nothing is seen yet.
    memset(scores, 0, whole * sizeof(float));
    return;
  }
  if (known->sum != 0 && top > known->top) {
    lanes factor = exp_below(known->top - top);
    for (size_t x = 0; x < width; x += LANES) store(sums + x, load(sums + x) * factor);
    known->sum *= factor[0];
  }
  known->top = top;
  known->sum += raise_scores(scores, whole, top);
}

WIDE DISPATCHED void decant_attention_f32(const decant_attention *a, float *scratch) {
  size_t all = rounded(a->keys, COLUMNS), width = rounded(a->value_size, COLUMNS);
  // Vectors that straddle two lines of the cache cost twice as much.
  float *keys = (float *)(((uintptr_t)scratch + sizeof(lanes) - 1) & ~(sizeof(lanes) - 1)), *values = keys + all * a->size, *queries = values + all * width;
  float *scores = queries + QUERIES * a->size, *sums = scores + QUERIES * KEYS;
  pack_keys(a, keys);
  // Whole vectors that are read once are read where they are.
  const float *v = a->v;
  size_t v_row = a->v_row;
  if (width != a->value_size || a->queries > QUERIES) {
    pack_rows(a->v, a->v_row, a->keys, a->value_size, values, width);
    v = values;
    v_row = width;
  }
  for (size_t first = 0; first < a->queries; first += QUERIES) {
    size_t rows = a->queries - first < QUERIES ? a->queries - first : QUERIES, height = rounded(rows, ROWS);
    progress known[QUERIES];
    for (size_t y = 0; y < QUERIES; y++) known[y] = (progress){-INFINITY, 0};
    pack_rows(a->q + first * a->q_row, a->q_row, rows, a->size, queries, a->size);
    memset(queries + rows * a->size, 0, (height - rows) * a->size * sizeof(float));
    for (size_t start = 0; start < a->keys; start += KEYS) {
      size_t count = a->keys - start < KEYS ? a->keys - start : KEYS, whole = rounded(count, COLUMNS);
      for (size_t x = 0; x < whole; x += COLUMNS) {
        factors f = {queries, keys + (start + x) * a->size, a->size, COLUMNS, a->size};
        multiply(f, height, 1, scores + x, KEYS);
      }
      for (size_t y = 0; y < rows; y++)
        weigh(a, first + y, start, count, scores + y * KEYS, &known[y], sums + y * width, width);
      for (size_t x = 0; x < width; x += COLUMNS) {
        factors f = {scores, v + start * v_row + x, KEYS, v_row, count};
        multiply(f, height, start == 0, sums + x, width);
      }
    }
    for (size_t y = 0; y < rows; y++) {
      // A query that sees nothing gives zeros.
      float inverse = known[y].sum == 0 ? 0 : 1 / known[y].sum;
      float *to = a->y + (first + y) * a->y_row;
      for (size_t x = 0; x < a->value_size; x++) to[x] = sums[y * width + x] * inverse;
    }
  }
}
