#include "CKernels.h"
#include "dispatch.h"
#include <math.h>
#include <string.h>

enum { LANES = 64 };

DISPATCHED decant_range decant_range_f32(const float *values, size_t count) {
  float low[LANES], high[LANES];
  for (int lane = 0; lane < LANES; lane++) low[lane] = INFINITY, high[lane] = -INFINITY;
  size_t finite = 0, i = 0;
  decant_range range = {INFINITY, -INFINITY, 0, 0, 0};
  while (i < count) {
    // Blocks are short, so that 32-bit lanes can count them.
    size_t end = count - i < (1u << 20) ? count : i + (1u << 20);
    uint32_t ordinary[LANES] = {0};
    for (; i + LANES <= end; i += LANES) {
      for (int lane = 0; lane < LANES; lane++) {
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
    for (int lane = 0; lane < LANES; lane++) finite += ordinary[lane];
    for (; i < end; i++) {
      if (!isfinite(values[i])) continue;
      low[0] = values[i] < low[0] ? values[i] : low[0];
      high[0] = values[i] > high[0] ? values[i] : high[0];
      finite++;
    }
  }
  for (int lane = 0; lane < LANES; lane++) {
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

INLINED uint64_t histogram(
    const float *values, size_t count, int absolute, double low, double high, uint64_t *counters, size_t bins) {
  if (!(low < high) || !isfinite(low) || !isfinite(high) || bins == 0 || bins > (size_t)1 << 30) return 0;
  enum { BLOCK = 512 };
  int32_t places[BLOCK];
  uint64_t counted = 0;
  double factor = (double)bins / (high - low), last = (double)(bins - 1);
  for (size_t i = 0; i < count; i += BLOCK) {
    size_t n = count - i < BLOCK ? count - i : BLOCK;
    for (size_t j = 0; j < n; j++) {
      double value = values[i + j];
      if (absolute) value = fabs(value);
      double place = (value - low) * factor;
      place = place > last ? last : place;
      int inside = (value >= low) & (value <= high);
      places[j] = inside ? (int32_t)(inside ? place : 0.0) : -1;
    }
    for (size_t j = 0; j < n; j++) {
      if (places[j] < 0) continue;
      counters[places[j]]++;
      counted++;
    }
  }
  return counted;
}

DISPATCHED uint64_t decant_histogram_f32(
    const float *values, size_t count, double low, double high, uint64_t *counters, size_t bins) {
  return histogram(values, count, 0, low, high, counters, bins);
}

DISPATCHED uint64_t decant_histogram_abs_f32(
    const float *values, size_t count, double high, uint64_t *counters, size_t bins) {
  return histogram(values, count, 1, 0, high, counters, bins);
}
