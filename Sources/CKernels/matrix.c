#include "CKernels.h"
#include "dispatch.h"
#include <string.h>

// Panels of both factors are copied so that the innermost loop walks memory in order: ROWS x COLUMNS sums stay in registers, over
// DEPTH products each. Every sum is taken in the same order whatever the tile it lies in, and fused multiply-adds are spelled, so
// results are the same on every machine.
enum { ROWS = 8, COLUMNS = 16, DEPTH = 256 };

typedef float lanes __attribute__((ext_vector_type(COLUMNS)));

INLINED void tile(const float *restrict a, const float *restrict b, size_t depth, float *restrict sums) {
  lanes s[ROWS] = {0};
  for (size_t p = 0; p < depth; p++) {
    lanes row;
    memcpy(&row, b + p * COLUMNS, sizeof row);
    const float *column = a + p * ROWS;
#pragma clang loop unroll(full)
    for (int y = 0; y < ROWS; y++) s[y] = __builtin_elementwise_fma(row, (lanes)column[y], s[y]);
  }
  memcpy(sums, s, sizeof s);
}

// Copies `width` lines of a factor, `count` elements each, into a panel of `whole` interleaved lines, the missing ones zero.
INLINED void pack(
    const float *restrict source, size_t line_stride, size_t step, size_t width, size_t whole, size_t count,
    float *restrict panel) {
  if (line_stride == 1 && width == whole) {
    for (size_t p = 0; p < count; p++) memcpy(panel + p * whole, source + p * step, whole * sizeof(float));
    return;
  }
  for (size_t p = 0; p < count; p++)
    for (size_t i = 0; i < whole; i++) panel[p * whole + i] = i < width ? source[i * line_stride + p * step] : 0;
}

DISPATCHED void decant_multiply_add_f32(
    size_t rows, size_t columns, size_t depth, float factor, const float *a, size_t a_row, size_t a_step, const float *b,
    size_t b_step, size_t b_column, float *c, size_t c_row, float *scratch) {
  float sums[ROWS * COLUMNS];
  size_t row_panels = (rows + ROWS - 1) / ROWS;
  float *b_panel = scratch + row_panels * ROWS * DEPTH;
  for (size_t start = 0; start < depth; start += DEPTH) {
    size_t count = depth - start < DEPTH ? depth - start : DEPTH;
    for (size_t i = 0; i < rows; i += ROWS) {
      size_t height = rows - i < ROWS ? rows - i : ROWS;
      pack(a + i * a_row + start * a_step, a_row, a_step, height, ROWS, count, scratch + i * DEPTH);
    }
    for (size_t j = 0; j < columns; j += COLUMNS) {
      size_t width = columns - j < COLUMNS ? columns - j : COLUMNS;
      pack(b + j * b_column + start * b_step, b_column, b_step, width, COLUMNS, count, b_panel);
      for (size_t i = 0; i < rows; i += ROWS) {
        size_t height = rows - i < ROWS ? rows - i : ROWS;
        tile(scratch + i * DEPTH, b_panel, count, sums);
        for (size_t y = 0; y < height; y++) {
          float *row = c + (i + y) * c_row + j;
          for (size_t x = 0; x < width; x++) row[x] += factor * sums[y * COLUMNS + x];
        }
      }
    }
  }
}

size_t decant_multiply_scratch(size_t rows) {
  return ((rows + ROWS - 1) / ROWS * ROWS + COLUMNS) * DEPTH;
}
