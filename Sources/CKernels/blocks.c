#include "CKernels.h"
#include "dispatch.h"
#include "rounded.h"
#include "stored.h"
#include <math.h>
#include <string.h>

DISPATCHED void decant_transpose_f32(
    const float *restrict source, size_t stride, size_t rows, size_t columns, float *restrict target, size_t target_stride) {
  enum { SIDE = 16 };
  for (size_t j = 0; j < columns; j += SIDE)
    for (size_t i = 0; i < rows; i += SIDE) {
      size_t width = columns - j < SIDE ? columns - j : SIDE, height = rows - i < SIDE ? rows - i : SIDE;
      for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) target[(j + x) * target_stride + i + y] = source[(i + y) * stride + j + x];
    }
}

DISPATCHED void decant_fit_blocks_f32(
    const float *values, size_t count, size_t block, int levels, int is_symmetric, int scale_type, float *scales,
    uint8_t *zero_points) {
  float top = (float)(levels - 1);
  int middle = levels / 2;
  for (size_t start = 0, index = 0; start < count; start += block, index++) {
    const float *run = values + start;
    size_t length = count - start < block ? count - start : block;
    // Several lanes, for a single chain of minima waits for each comparison; their order does not matter.
    float low[16] = {0}, high[16] = {0};
    size_t i = 0;
    for (; i + 16 <= length; i += 16)
      for (size_t lane = 0; lane < 16; lane++) {
        float v = run[i + lane];
        low[lane] = v < low[lane] ? v : low[lane];
        high[lane] = v > high[lane] ? v : high[lane];
      }
    for (; i < length; i++) {
      low[0] = run[i] < low[0] ? run[i] : low[0];
      high[0] = run[i] > high[0] ? run[i] : high[0];
    }
    float least = 0, greatest = 0;
    for (size_t lane = 0; lane < 16; lane++) {
      least = low[lane] < least ? low[lane] : least;
      greatest = high[lane] > greatest ? high[lane] : greatest;
    }
    float scale;
    int zero_point = middle;
    if (is_symmetric) {
      float extreme = greatest > -least ? greatest : least;
      scale = -extreme / (float)middle;
    } else {
      scale = (greatest - least) / top;
      zero_point = scale != 0 ? (int)away(bounded(0.0f - least / scale, 0, top)) : 0;
    }
    scales[index] = stored(scale, scale_type);
    zero_points[index] = (uint8_t)zero_point;
  }
}

DISPATCHED void decant_code_blocks_f32(
    const float *restrict values, size_t count, size_t block, int levels, int adds_after, const float *restrict scales,
    const uint8_t *restrict zero_points, uint8_t *restrict codes) {
  float top = (float)(levels - 1);
  for (size_t start = 0, index = 0; start < count; start += block, index++) {
    size_t length = count - start < block ? count - start : block;
    float factor = scales[index] != 0 ? 1.0f / scales[index] : 0.0f, zero = zero_points[index];
    const float *run = values + start;
    uint8_t *out = codes + start;
    if (adds_after) {
      for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)(int32_t)bounded(away(bounded(run[i] * factor, -65536, 65536)) + zero, 0, top);
    } else {
      for (size_t i = 0; i < length; i++) out[i] = (uint8_t)(int32_t)level(bounded(run[i] * factor + zero, 0, top));
    }
  }
}

DISPATCHED void decant_pack_codes(const uint8_t *restrict codes, size_t count, int bits, uint8_t *restrict bytes) {
  switch (bits) {
  case 4:
    for (size_t i = 0; i < count / 2; i++) bytes[i] = (uint8_t)(codes[2 * i] | codes[2 * i + 1] << 4);
    if (count % 2) bytes[count / 2] = codes[count - 1];
    break;
  case 2:
    for (size_t i = 0; i < (count + 3) / 4; i++) {
      unsigned byte = 0;
      for (size_t j = 0; j < 4 && 4 * i + j < count; j++) byte |= (unsigned)codes[4 * i + j] << 2 * j;
      bytes[i] = (uint8_t)byte;
    }
    break;
  default: memcpy(bytes, codes, count);
  }
}

// The weighted squared error of rounding one block, and what a better scale is fitted from: sum w q x and sum w q q, with q the
// code less the zero point.
typedef struct {
  float error, cross, square;
} fit;

INLINED void measure_lanes(
    const float *restrict values, const float *restrict weights, size_t count, float factor, float scale, float zero, float top,
    float *restrict error, float *restrict cross, float *restrict square) {
  for (size_t lane = 0; lane < count; lane++) {
    float v = values[lane], w = weights[lane];
    float q = level(bounded(v * factor + zero, 0, top)) - zero;
    float difference = q * scale - v;
    error[lane] += difference * difference * w;
    cross[lane] += w * q * v;
    square[lane] += w * q * q;
  }
}

INLINED fit measure(
    const float *restrict values, const float *restrict weights, size_t count, float scale, float zero, float top) {
  float error[16] = {0}, cross[16] = {0}, square[16] = {0};
  float factor = scale != 0 ? 1.0f / scale : 0.0f;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) measure_lanes(values + i, weights + i, 16, factor, scale, zero, top, error, cross, square);
  measure_lanes(values + i, weights + i, count - i, factor, scale, zero, top, error, cross, square);
  fit total = {0, 0, 0};
  for (size_t lane = 0; lane < 16; lane++) {
    total.error += error[lane];
    total.cross += cross[lane];
    total.square += square[lane];
  }
  return total;
}

// Tries a scale, and the scale that fits the codes it gives best; keeps the better of both if it betters `best`.
INLINED void attempt(
    const float *restrict values, const float *restrict weights, size_t count, float scale, float zero, float top,
    int scale_type, float *best, float *best_scale, float *best_zero) {
  for (int turn = 0; turn < 2; turn++) {
    scale = stored(scale, scale_type);
    fit found = measure(values, weights, count, scale, zero, top);
    if (found.error < *best) {
      *best = found.error;
      *best_scale = scale;
      *best_zero = zero;
    }
    if (!(found.square > 0)) return;
    scale = found.cross / found.square;
  }
}

DISPATCHED void decant_search_blocks_f32(
    const float *restrict values, const float *restrict weights, size_t count, size_t block, int levels, int is_symmetric,
    int scale_type, int steps, float *restrict scales, uint8_t *restrict zero_points) {
  float top = (float)(levels - 1);
  for (size_t start = 0, index = 0; start < count; start += block, index++) {
    size_t length = count - start < block ? count - start : block;
    const float *run = values + start, *weight = weights + start;
    float full = scales[index], best_scale = full, best_zero = zero_points[index];
    float best = measure(run, weight, length, best_scale, best_zero, top).error;
    for (int step = 0; step < steps; step++)
      attempt(
          run, weight, length, full * (1.0f - 0.5f * (float)step / (float)steps), (float)zero_points[index], top, scale_type,
          &best, &best_scale, &best_zero);
    if (!is_symmetric) {
      float scale = best_scale, zero = best_zero;
      if (zero > 0) attempt(run, weight, length, scale, zero - 1, top, scale_type, &best, &best_scale, &best_zero);
      if (zero < top) attempt(run, weight, length, scale, zero + 1, top, scale_type, &best, &best_scale, &best_zero);
    }
    scales[index] = best_scale;
    zero_points[index] = (uint8_t)best_zero;
  }
}

DISPATCHED void decant_gptq_rows(
    float *w, size_t row_stride, size_t rows, size_t columns, const float *restrict factor, size_t factor_stride,
    const float *restrict scales, const uint8_t *restrict zero_points, size_t groups, const uint32_t *restrict group_of,
    int levels, uint8_t *codes, size_t code_stride, float *errors, size_t error_stride) {
  float top = (float)(levels - 1);
  for (size_t r = 0; r < rows; r++) {
    float *restrict row = w + r * row_stride;
    for (size_t i = 0; i < columns; i++) {
      size_t group = r * groups + group_of[i];
      float scale = scales[group], zero = zero_points[group];
      float inverse = scale != 0 ? 1.0f / scale : 0.0f;
      float code = level(bounded(row[i] * inverse + zero, 0, top));
      const float *restrict line = factor + i * factor_stride;
      float error = (row[i] - (code - zero) * scale) / line[i];
      codes[r * code_stride + i] = (uint8_t)(int32_t)code;
      errors[r * error_stride + i] = error;
      for (size_t j = i + 1; j < columns; j++) row[j] -= error * line[j];
    }
  }
}

DISPATCHED void decant_gptq_codebook_rows(
    float *w, size_t row_stride, size_t rows, size_t columns, const float *restrict factor, size_t factor_stride,
    const float *restrict magnitudes, const float *restrict values, const float *restrict bounds, uint8_t *ranks, float *errors) {
  for (size_t r = 0; r < rows; r++) {
    float *restrict row = w + r * row_stride;
    for (size_t i = 0; i < columns; i++) {
      float magnitude = magnitudes[r * columns + i];
      float number = magnitude != 0 ? row[i] / magnitude : 0.0f;
      int rank = 0;
      for (int k = 0; k < 15; k++) rank += number > bounds[k];
      const float *restrict line = factor + i * factor_stride;
      float error = (row[i] - values[rank] * magnitude) / line[i];
      ranks[r * columns + i] = (uint8_t)rank;
      errors[r * columns + i] = error;
      for (size_t j = i + 1; j < columns; j++) row[j] -= error * line[j];
    }
  }
}
