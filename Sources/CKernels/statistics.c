#include "CKernels.h"
#include "lanes.h"
#include <math.h>

enum { WIDTH = 64 };

DISPATCHED decant_range decant_range_f32(const float *values, size_t count) {
  float low[WIDTH], high[WIDTH];
  for (int lane = 0; lane < WIDTH; lane++) low[lane] = INFINITY, high[lane] = -INFINITY;
  size_t finite = 0, i = 0;
  decant_range range = {INFINITY, -INFINITY, 0, 0, 0};
  while (i < count) {
    // Blocks are short, so that 32-bit lanes can count them.
    size_t end = count - i < (1u << 20) ? count : i + (1u << 20);
    uint32_t ordinary[WIDTH] = {0};
    for (; i + WIDTH <= end; i += WIDTH) {
      for (int lane = 0; lane < WIDTH; lane++) {
        float value = values[i + lane];
        uint32_t bits;
        memcpy(&bits, &value, 4);
        int is_finite = (bits & 0x7F800000u) != 0x7F800000u;
        float down = is_finite ? value : INFINITY, up = is_finite ? value : -INFINITY;
        low[lane] = down < low[lane] ? down : low[lane];
        high[lane] = up > high[lane] ? up : high[lane];
        ordinary[lane] += (uint32_t)is_finite;
      }
    }
    for (int lane = 0; lane < WIDTH; lane++) finite += ordinary[lane];
    for (; i < end; i++) {
      if (!isfinite(values[i])) continue;
      low[0] = values[i] < low[0] ? values[i] : low[0];
      high[0] = values[i] > high[0] ? values[i] : high[0];
      finite++;
    }
  }
  for (int lane = 0; lane < WIDTH; lane++) {
    range.min = low[lane] < range.min ? low[lane] : range.min;
    range.max = high[lane] > range.max ? high[lane] : range.max;
  }
  for (i = 0; finite < count && i < count; i++) {
    range.nans += isnan(values[i]) != 0;
    range.positive_infinities += values[i] == INFINITY;
    range.negative_infinities += values[i] == -INFINITY;
  }
  // Which of two zeros is met first depends on the lanes; adding zero makes both positive.
  range.min += 0.0f;
  range.max += 0.0f;
  return range;
}

// The extremes and the sum of one run, added to those of its channel.
INLINED void reduce_run(const float *values, size_t count, float *low, float *high, double *sum) {
  enum { WAYS = 4 };
  lanes least[WAYS], most[WAYS], sums[WAYS];
#pragma clang loop unroll(full)
  for (int way = 0; way < WAYS; way++) least[way] = INFINITY, most[way] = -INFINITY, sums[way] = 0;
  size_t i = 0;
  for (; i + WAYS * LANES <= count; i += WAYS * LANES)
#pragma clang loop unroll(full)
    for (int way = 0; way < WAYS; way++) {
      lanes v = load(values + i + way * LANES);
      least[way] = at_most(least[way], v);
      most[way] = at_least(most[way], v);
      sums[way] += v;
    }
  for (; i + LANES <= count; i += LANES) {
    lanes v = load(values + i);
    least[0] = at_most(least[0], v);
    most[0] = at_least(most[0], v);
    sums[0] += v;
  }
  if (i < count) {
    lanes v = load_some(values + i, count - i, values[i]);
    least[1] = at_most(least[1], v);
    most[1] = at_least(most[1], v);
    sums[1] += load_some(values + i, count - i, 0);
  }
  float lowest = -largest_of(-at_most(at_most(least[0], least[1]), at_most(least[2], least[3])));
  float highest = largest_of(at_least(at_least(most[0], most[1]), at_least(most[2], most[3])));
  *low = lowest < *low ? lowest : *low;
  *high = highest > *high ? highest : *high;
  *sum += (double)sum_of((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

WIDE DISPATCHED void decant_channels_f32(
    const float *values, size_t outer, size_t channels, size_t inner, float *low, float *high, double *sums) {
  for (size_t o = 0; o < outer && inner == 1; o++, values += channels) {
    for (size_t c = 0; c < channels; c++) {
      float value = values[c];
      low[c] = value < low[c] ? value : low[c];
      high[c] = value > high[c] ? value : high[c];
      sums[c] += value;
    }
  }
  for (size_t o = 0; o < outer && inner > 1; o++)
    for (size_t c = 0; c < channels; c++, values += inner) reduce_run(values, inner, low + c, high + c, sums + c);
}

DISPATCHED void decant_rounding_errors_f32(
    const float *values, size_t rows, size_t columns, const float *factors, float least, float most, float *errors) {
  for (size_t r = 0; r < rows; r++, values += columns) {
    for (size_t c = 0; c < columns; c++) {
      float exact = values[c] * factors[c];
      float clipped = exact < least ? least : exact;
      clipped = clipped > most ? most : clipped;
      // Adding 1.5 * 2^23 leaves no room for a fraction: it is rounded, halves to even.
      clipped = (clipped + 12582912.0f) - 12582912.0f;
      float error = clipped - exact;
      errors[c] += error * error;
    }
  }
}
