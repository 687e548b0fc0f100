// Blocks of 4-bit codes straight from weights that have their inputs first: sixteen outputs side by side, each in its lane.
#include "CKernels.h"
#include "lanes.h"
#include "stored.h"
#include "transpose.h"

// Codes of INPUTS inputs, eight to a word, fill a cache line. Rows of OUTPUTS weights are what is read of memory at a time.
enum { CODES = 8, WORDS = 16, INPUTS = WORDS * CODES, OUTPUTS = 128 };

typedef struct {
  lanes scale, zero;
} grid;

// Scale and zero point of a block, as `decant_fit_blocks_f32` has them. What is not finite is marked in `strange`.
INLINED grid fit(
    const float *values, size_t stride, size_t block, float top, int is_symmetric, int scale_type, whole_lanes *strange) {
  lanes least = 0, greatest = 0;
  for (size_t i = 0; i < block; i++) {
    lanes v = load(values + i * stride);
    least = at_most(least, v);
    greatest = at_least(greatest, v);
    *strange |= (whole_lanes)(magnitude(v) > 3.402823466e38f) | (whole_lanes)(v != v);
  }
  grid g;
  if (is_symmetric) {
    float middle = (float)((int)(top + 1) / 2);
    g.scale = -choose(greatest > -least, greatest, least) / middle;
    g.zero = middle;
  } else {
    g.scale = (greatest - least) / top;
    lanes place = at_most(at_least(0.0f - least / g.scale, 0), top), whole = __builtin_elementwise_trunc(place);
    g.zero = choose(g.scale != 0.0f, whole + choose(place - whole >= 0.5f, 1.0f, 0.0f), 0.0f);
  }
  if (scale_type != 0)
    for (int lane = 0; lane < LANES; lane++) g.scale[lane] = stored(g.scale[lane], scale_type);
  return g;
}

// The codes of a block, eight of each output in a word, the first in the lowest bits.
INLINED void code(const float *values, size_t stride, size_t block, grid g, float top, whole_lanes *words) {
  lanes factor = choose(g.scale != 0.0f, 1.0f / g.scale, 0.0f);
  for (size_t i = 0; i < block; i += CODES) {
    whole_lanes word = 0;
#pragma clang loop unroll(full)
    for (int k = 0; k < CODES; k++) {
      lanes place = at_most(at_least(load(values + (i + k) * stride) * factor + g.zero, 0), top);
      // The largest number below a half rounds halves up, and what is less than a half down.
      word |= __builtin_convertvector(place + 0.49999997f, whole_lanes) << (4 * k);
    }
    words[i / CODES] = word;
  }
}

// Sixteen outputs of at most INPUTS inputs in whole blocks.
INLINED void code_lanes(
    const float *values, size_t stride, size_t outputs, size_t inputs, size_t block, float top, int is_symmetric, int scale_type,
    float *scales, uint8_t *zero_points, size_t grid_stride, uint8_t *codes, size_t code_stride, whole_lanes *strange) {
  whole_lanes words[WORDS];
  for (size_t start = 0, index = 0; start < inputs; start += block, index++) {
    grid g = fit(values + start * stride, stride, block, top, is_symmetric, scale_type, strange);
    code(values + start * stride, stride, block, g, top, words + start / CODES);
    for (size_t y = 0; y < outputs; y++) {
      scales[y * grid_stride + index] = g.scale[y];
      zero_points[y * grid_stride + index] = (uint8_t)g.zero[y];
    }
  }
  const uint32_t *from = (const uint32_t *)words;
  size_t count = inputs / CODES;
  if (count == WORDS && outputs == LANES && code_stride % sizeof *from == 0) {
    uint32_t *to = (uint32_t *)codes;
    size_t to_stride = code_stride / sizeof *from;
    for (size_t y = 0; y < LANES; y += SIDE)
      for (size_t x = 0; x < WORDS; x += SIDE) transpose_block(from + x * LANES + y, LANES, to + y * to_stride + x, to_stride);
  } else {
    for (size_t y = 0; y < outputs; y++)
      for (size_t x = 0; x < count; x++) memcpy(codes + y * code_stride + x * sizeof *from, from + x * LANES + y, sizeof *from);
  }
}

WIDE DISPATCHED int decant_code_columns_f32(
    const float *values, size_t stride, size_t outputs, size_t inputs, size_t block, int levels, int is_symmetric,
    int scale_type, float *scales, uint8_t *zero_points, size_t grid_stride, uint8_t *codes, size_t code_stride) {
  float top = (float)(levels - 1), tile[INPUTS * OUTPUTS] = {0};
  whole_lanes strange = 0;
  for (size_t first = 0; first < outputs; first += OUTPUTS) {
    size_t width = outputs - first < OUTPUTS ? outputs - first : OUTPUTS;
    for (size_t start = 0; start < inputs; start += INPUTS) {
      size_t count = inputs - start < INPUTS ? inputs - start : INPUTS;
      for (size_t i = 0; i < count; i++) memcpy(tile + i * OUTPUTS, values + (start + i) * stride + first, width * sizeof *tile);
      for (size_t y = 0; y < width; y += LANES) {
        size_t place = (first + y) * grid_stride + start / block;
        code_lanes(
            tile + y, OUTPUTS, width - y < LANES ? width - y : LANES, count, block, top, is_symmetric, scale_type, scales + place,
            zero_points + place, grid_stride, codes + (first + y) * code_stride + start / 2, code_stride, &strange);
      }
    }
  }
  for (int lane = 0; lane < LANES; lane++)
    if (strange[lane] != 0) return 0;
  return 1;
}
