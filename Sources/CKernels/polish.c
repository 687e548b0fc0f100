// Coordinate descent over codes and scales whose effect on a product is known.
#include "CKernels.h"
#include "lanes.h"
#include "rounded.h"
#include "stored.h"
#include <math.h>

// So many rows go side by side, and a tile of so many columns of the products stays in the first cache for all of them. Each
// number is the same as if rows went one by one, column after column.
enum { GROUP = 32, VECTORS = 4, SPAN = VECTORS * LANES };

// A row of codes, and what their errors do to the product.
typedef struct {
  float *scales, *gradients;
  const uint8_t *zero_points;
  uint8_t *codes;
} coded_row;

// Moves each code of a row, in turn, to where the error of the product is least.
INLINED void move_codes(coded_row row, const float *restrict products, size_t columns, size_t block, float top) {
  float *restrict g = row.gradients;
  for (size_t i = 0; i < columns; i++) {
    const float *restrict line = products + i * columns;
    float scale = row.scales[i / block], curvature = line[i] * scale;
    if (!(fabsf(g[i]) > 0.5f * fabsf(curvature)) || curvature == 0) continue;
    float before = row.codes[i], after = bounded(before + away(bounded(g[i] / curvature, -top, top)), 0, top);
    if (after == before) continue;
    row.codes[i] = (uint8_t)(int32_t)after;
    float change = (after - before) * scale;
    for (size_t j = 0; j < columns; j++) g[j] -= change * line[j];
  }
}

// The sums over j in `start` to `end` of products[j][i] * (code j - zero), for `vectors` vectors of i from `first`.
INLINED void gather(
    coded_row row, float zero, const float *products, size_t columns, size_t start, size_t end, size_t first, int vectors,
    float *sums) {
  lanes s[VECTORS] = {0};
  for (size_t j = start; j < end; j++) {
    lanes q = (float)row.codes[j] - zero;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) s[v] += load(products + j * columns + first + v * LANES) * q;
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) store(sums + v * LANES, s[v]);
}

// How much better the scale of a block could be; 0 where it could not.
INLINED float scale_change(
    coded_row row, const float *products, size_t columns, size_t index, size_t start, size_t end, int scale_type) {
  float zero = row.zero_points[index], cross = 0, square = 0, sums[SPAN];
  for (size_t first = start, width; first < end; first += width) {
    width = end - first >= SPAN ? SPAN : end - first >= LANES ? LANES : end - first;
    if (width == SPAN) {
      gather(row, zero, products, columns, start, end, first, VECTORS, sums);
    } else if (width == LANES) {
      gather(row, zero, products, columns, start, end, first, 1, sums);
    } else {
      for (size_t x = 0; x < width; x++) {
        sums[x] = 0;
        for (size_t j = start; j < end; j++) sums[x] += products[j * columns + first + x] * ((float)row.codes[j] - zero);
      }
    }
    for (size_t x = 0; x < width; x++) {
      float q = (float)row.codes[first + x] - zero;
      cross += q * row.gradients[first + x];
      square += q * sums[x];
    }
  }
  if (!(square > 0)) return 0;
  float scale = row.scales[index], better = stored(scale + cross / square, scale_type);
  row.scales[index] = better;
  return better - scale;
}

// Takes `count` lines, times their shares, from SPAN gradients.
INLINED void take_away(const float *shares, const float *lines, size_t count, float *gradients) {
  lanes g[VECTORS];
#pragma clang loop unroll(full)
  for (int v = 0; v < VECTORS; v++) g[v] = load(gradients + v * LANES);
  for (size_t i = 0; i < count; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < VECTORS; v++) g[v] -= shares[i] * load(lines + i * SPAN + v * LANES);
#pragma clang loop unroll(full)
  for (int v = 0; v < VECTORS; v++) store(gradients + v * LANES, g[v]);
}

// What the changed scales of a block, `start` to `end`, do to the gradients of some rows.
INLINED void spread(
    const coded_row *rows, size_t height, const float *changes, const float *products, size_t columns, size_t index,
    size_t start, size_t end) {
  float shares[GROUP][SPAN], tile[SPAN * SPAN];
  for (size_t first = start, count; first < end; first += count) {
    count = end - first < SPAN ? end - first : SPAN;
    const float *lines = products + first * columns;
    for (size_t y = 0; y < height; y++)
      for (size_t i = 0; i < count; i++)
        shares[y][i] = ((float)rows[y].codes[first + i] - (float)rows[y].zero_points[index]) * changes[y];
    size_t j = 0;
    for (; j + SPAN <= columns; j += SPAN) {
      // Lines that lie a power of two apart would take each other's place in the cache.
      for (size_t i = 0; i < count; i++) memcpy(tile + i * SPAN, lines + i * columns + j, SPAN * sizeof(float));
      for (size_t y = 0; y < height; y++)
        if (changes[y] != 0) take_away(shares[y], tile, count, rows[y].gradients + j);
    }
    for (size_t y = 0; y < height; y++)
      for (size_t i = 0; i < count; i++)
        for (size_t x = j; x < columns; x++) rows[y].gradients[x] -= shares[y][i] * lines[i * columns + x];
  }
}

WIDE DISPATCHED void decant_polish_rows(
    size_t rows, size_t columns, const float *products, size_t block, int levels, int scale_type, int sweeps,
    float *scales, const uint8_t *zero_points, uint8_t *codes, float *gradients) {
  size_t blocks = (columns + block - 1) / block, height;
  coded_row group[GROUP];
  float changes[GROUP];
  for (size_t first = 0; first < rows; first += height) {
    height = rows - first < GROUP ? rows - first : GROUP;
    for (size_t y = 0; y < height; y++)
      group[y] = (coded_row){
          scales + (first + y) * blocks, gradients + (first + y) * columns, zero_points + (first + y) * blocks,
          codes + (first + y) * columns};
    for (int sweep = 0; sweep < sweeps; sweep++) {
      for (size_t y = 0; y < height; y++) move_codes(group[y], products, columns, block, (float)(levels - 1));
      if (sweep + 1 == sweeps) break;
      for (size_t index = 0; index < blocks; index++) {
        size_t start = index * block, end = start + block < columns ? start + block : columns;
        for (size_t y = 0; y < height; y++)
          changes[y] = scale_change(group[y], products, columns, index, start, end, scale_type);
        spread(group, height, changes, products, columns, index, start, end);
      }
    }
  }
}
