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

DISPATCHED void decant_channels_f32(
    const float *values, size_t outer, size_t channels, size_t inner, float *low, float *high, double *sums) {
  for (size_t o = 0; o < outer && inner == 1; o++, values += channels) {
    for (size_t c = 0; c < channels; c++) {
      float value = values[c];
      low[c] = value < low[c] ? value : low[c];
      high[c] = value > high[c] ? value : high[c];
      sums[c] += value;
    }
  }
  for (size_t run = 0; run < outer * channels && inner > 1; run++, values += inner) {
    float least[LANES], most[LANES];
    float sum[LANES] = {0};
    for (int lane = 0; lane < LANES; lane++) least[lane] = INFINITY, most[lane] = -INFINITY;
    size_t i = 0;
    for (; i + LANES <= inner; i += LANES) {
      for (int lane = 0; lane < LANES; lane++) {
        float value = values[i + lane];
        least[lane] = value < least[lane] ? value : least[lane];
        most[lane] = value > most[lane] ? value : most[lane];
        sum[lane] += value;
      }
    }
    for (; i < inner; i++) {
      least[0] = values[i] < least[0] ? values[i] : least[0];
      most[0] = values[i] > most[0] ? values[i] : most[0];
      sum[0] += values[i];
    }
    size_t c = run % channels;
    for (int lane = 0; lane < LANES; lane++) {
      low[c] = least[lane] < low[c] ? least[lane] : low[c];
      high[c] = most[lane] > high[c] ? most[lane] : high[c];
      sums[c] += sum[lane];
    }
  }
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
