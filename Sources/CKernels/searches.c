// Scales and zero points of blocks by iteration: half-quadratic splitting, and the search of ggml's k-quants.
#include "CKernels.h"
#include "dispatch.h"
#include "elementary.h"
#include "rounded.h"
#include "stored.h"
#include <math.h>

enum { LANES = 16 };

INLINED float total(const float *lanes) {
  float sum = 0;
  for (size_t lane = 0; lane < LANES; lane++) sum += lanes[lane];
  return sum;
}

// The sum of |value - (code - zero) * scale| over a block, and what a better scale is fitted from.
INLINED float deviation(
    const float *restrict values, size_t count, float scale, float zero, float top, float *fitted) {
  float factor = scale != 0 ? 1.0f / scale : 0.0f;
  float sum[LANES] = {0}, cross[LANES] = {0}, square[LANES] = {0};
  for (size_t i = 0; i < count; i++) {
    float v = values[i], q = to_even(bounded(v * factor + zero, 0, top)) - zero;
    sum[i % LANES] += fabsf(v - q * scale);
    cross[i % LANES] += q * v;
    square[i % LANES] += q * q;
  }
  float squares = total(square);
  *fitted = squares > 0 ? total(cross) / squares : scale;
  return total(sum);
}

// One step of the splitting: the sum of |d|, d the deviations at zero point `zero`, and the next zero point.
INLINED float split(
    const float *restrict values, size_t count, float factor, float scale, float zero, float top, float inverse_beta,
    float *next) {
  float sum[LANES] = {0}, zeros[LANES] = {0};
  for (size_t i = 0; i < count; i++) {
    float v = values[i], q = to_even(bounded(v * factor + zero, 0, top));
    float d = v - (q - zero) * scale, size = fabsf(d);
    // |d|^(p - 1) with p = 0.7; a deviation of nothing shrinks to nothing.
    float shrunk = size - exp2_of(-0.3f * log2_of(size > 1e-30f ? size : 1e-30f)) * inverse_beta;
    float kept = copysignf(shrunk > 0 ? shrunk : 0, d);
    sum[i % LANES] += size;
    zeros[i % LANES] += q - (v - kept) * factor;
  }
  *next = total(zeros) / (float)count;
  return total(sum);
}

DISPATCHED void decant_halve_blocks_f32(
    const float *restrict values, size_t count, size_t block, int levels, int scale_type, float *restrict scales,
    uint8_t *restrict zero_points) {
  float top = (float)(levels - 1);
  for (size_t start = 0, index = 0; start < count; start += block, index++) {
    size_t length = count - start < block ? count - start : block;
    const float *run = values + start;
    float low = run[0], high = run[0], ignored;
    for (size_t i = 1; i < length; i++) {
      low = run[i] < low ? run[i] : low;
      high = run[i] > high ? run[i] : high;
    }
    float scale = (high - low) / top;
    if (!(scale > 1e-30f)) continue;
    float factor = 1.0f / scale, zero = -low * factor, inverse_beta = 0.1f, best = INFINITY, best_zero = zero;
    for (int step = 0; step < 20; step++) {
      float next, found = split(run, length, factor, scale, zero, top, inverse_beta, &next);
      if (!(found < best)) break;
      best = found;
      best_zero = zero;
      zero = next;
      inverse_beta /= 1.01f;
    }
    // A file holds whole zero points: the rounded one, with the scale as it is and fitted to its codes, against what was there.
    float whole = to_even(bounded(best_zero, 0, top)), fitted;
    best = deviation(run, length, scales[index], zero_points[index], top, &ignored);
    float candidate = stored(scale, scale_type);
    for (int turn = 0; turn < 2; turn++) {
      float found = deviation(run, length, candidate, whole, top, &fitted);
      if (found < best) {
        best = found;
        scales[index] = candidate;
        zero_points[index] = (uint8_t)whole;
      }
      candidate = stored(fitted, scale_type);
    }
  }
}

// The sum of a run as NumPy takes it: eight sums side by side, and halves of long runs one by one.
static float pairwise(const float *values, size_t count) {
  if (count < 8) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += values[i];
    return sum;
  }
  if (count > 128) {
    size_t half = count / 2;
    half -= half % 8;
    return pairwise(values, half) + pairwise(values + half, count - half);
  }
  float lanes[8];
  memcpy(lanes, values, sizeof lanes);
  size_t i = 8;
  for (; i < count - count % 8; i += 8)
    for (size_t lane = 0; lane < 8; lane++) lanes[lane] += values[i + lane];
  float sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
  for (; i < count; i++) sum += values[i];
  return sum;
}

// What a search over one block works with; each array has room for a block.
typedef struct {
  const float *values;
  size_t count;
  float *weights, *codes, *scratch;
} kblock;

// The weighted squared error of `codes * scale + low`.
static float kerror(const kblock *b, float scale, float low) {
  for (size_t i = 0; i < b->count; i++) {
    float difference = b->codes[i] * scale + low - b->values[i];
    b->scratch[i] = b->weights[i] * (difference * difference);
  }
  return pairwise(b->scratch, b->count);
}

static void kcodes(const kblock *b, float factor, float low, float top) {
  for (size_t i = 0; i < b->count; i++) b->codes[i] = bounded(to_even(bounded(factor * (b->values[i] - low), -4e6f, 4e6f)), 0, top);
}

// Scale and zero point of one block of `count` values that fill it.
static void ksearch(const kblock *b, float top, double *scale, uint8_t *zero_point) {
  size_t n = b->count;
  const float *v = b->values;
  for (size_t i = 0; i < n; i++) b->scratch[i] = v[i] * v[i];
  float mean = sqrtf(pairwise(b->scratch, n) / (float)n), low = v[0], high = v[0];
  for (size_t i = 0; i < n; i++) {
    b->weights[i] = mean + fabsf(v[i]);
    low = v[i] < low ? v[i] : low;
    high = v[i] > high ? v[i] : high;
  }
  float weight_sum = pairwise(b->weights, n);
  for (size_t i = 0; i < n; i++) b->scratch[i] = b->weights[i] * v[i];
  float value_sum = pairwise(b->scratch, n);
  float factor = low != high ? top / (high - low) : 1.0f;
  float best_scale = 1.0f / factor, best_low = low;
  kcodes(b, factor, low, top);
  float best = kerror(b, best_scale, low);
  // The range that codes are chosen by shrinks with each step that betters the error, as its model has it.
  for (int step = 0; step < 20; step++) {
    float levels = (float)(-1.0 + 0.1 * step + (double)top);
    kcodes(b, best_low != high ? levels / (high - best_low) : 1.0f, best_low, top);
    for (size_t i = 0; i < n; i++) b->scratch[i] = b->weights[i] * b->codes[i];
    float code_sum = pairwise(b->scratch, n);
    for (size_t i = 0; i < n; i++) b->scratch[i] = b->weights[i] * b->codes[i] * b->codes[i];
    float square_sum = pairwise(b->scratch, n);
    for (size_t i = 0; i < n; i++) b->scratch[i] = b->weights[i] * b->codes[i] * v[i];
    float cross_sum = pairwise(b->scratch, n);
    float divisor = weight_sum * square_sum - code_sum * code_sum;
    float this_scale = (weight_sum * cross_sum - value_sum * code_sum) / divisor;
    float this_low = (square_sum * value_sum - code_sum * cross_sum) / divisor;
    float found = kerror(b, this_scale, this_low);
    if (!(found < best)) continue;
    best = found;
    best_scale = this_scale;
    best_low = this_low;
  }
  *scale = best_scale;
  *zero_point = (uint8_t)bounded(to_even(bounded(-best_low / best_scale, -4e6f, 4e6f)), 0, top);
}

// Codes of a block by true division in double precision, halves to even.
static void kround(const float *values, size_t count, double scale, double zero, double top, uint8_t *codes) {
  for (size_t i = 0; i < count; i++) {
    double code = nearbyint((double)values[i] / scale + zero);
    code = code > 0 ? code : 0;
    codes[i] = (uint8_t)(code < top ? code : top);
  }
}

void decant_kquant_blocks_f32(
    const float *values, size_t count, size_t block, int levels, int scale_type, float *scratch, float *scales,
    uint8_t *zero_points, uint8_t *codes) {
  float *run = scratch;
  for (size_t start = 0, index = 0; start < count; start += block, index++) {
    size_t length = count - start < block ? count - start : block;
    // A short block counts as filled with zeros.
    memcpy(run, values + start, length * sizeof(float));
    memset(run + length, 0, (block - length) * sizeof(float));
    kblock b = {run, block, scratch + block, scratch + 2 * block, scratch + 3 * block};
    double scale;
    ksearch(&b, (float)(levels - 1), &scale, zero_points + index);
    kround(run, length, scale, zero_points[index], levels - 1, codes + start);
    scales[index] = stored((float)scale, scale_type);
  }
}

void decant_span_blocks_f32(
    const float *values, size_t count, size_t block, int levels, int is_symmetric, int scale_type, float *scales,
    uint8_t *zero_points, uint8_t *codes) {
  double top = levels - 1;
  for (size_t start = 0, index = 0; start < count; start += block, index++) {
    size_t length = count - start < block ? count - start : block;
    const float *run = values + start;
    // A short block counts as filled with zeros.
    float low = length < block ? 0 : run[0], high = low;
    for (size_t i = 0; i < length; i++) {
      low = run[i] < low ? run[i] : low;
      high = run[i] > high ? run[i] : high;
    }
    double scale = 1, zero = levels / 2;
    if (is_symmetric) {
      float largest = -low > high ? -low : high;
      if (largest > 0) scale = (double)stored(largest * 2.0f, scale_type) / top;
    } else {
      if (low != high) scale = (double)stored(high - low, scale_type) / top;
      zero = nearbyint(-(double)low / scale);
      zero = zero > 0 ? zero : 0;
      zero = zero < top ? zero : top;
    }
    zero_points[index] = (uint8_t)zero;
    kround(run, length, scale, zero, top, codes + start);
    scales[index] = stored((float)scale, scale_type);
  }
}
