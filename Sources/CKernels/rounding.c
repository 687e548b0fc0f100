// Rounding that is learned: one step of descent over a row whose errors' effect on the product is known.
#include "CKernels.h"
#include "dispatch.h"
#include "elementary.h"
#include "rounded.h"
#include "stored.h"
#include <math.h>

INLINED float sigmoid(float v) { return 1.0f / (1.0f + exp2_of(v * -1.4426950f)); }

// How far a weight is rounded up, from 0 to 1: a sigmoid that reaches both.
INLINED float share_up(float v) { return bounded(1.2f * sigmoid(v) - 0.1f, 0, 1); }

// Runs over the blocks of all rows: weights `start` to `end`, which share scale and zero point `index`.
#define EACH_BLOCK(rows, columns, block)                                                                          \
  for (size_t row = 0, index = 0; row < (rows); row++)                                                            \
    for (size_t start = row * (columns), last = start + (columns), end; start < last; start = end, index++)        \
      if ((end = start + (block) < last ? start + (block) : last))

DISPATCHED void decant_adaround_start(
    size_t rows, size_t columns, const float *restrict values, size_t block, int levels, const float *restrict scales,
    const uint8_t *restrict zero_points, float *restrict floors, float *restrict variables, float *restrict errors) {
  float top = (float)(levels - 1);
  EACH_BLOCK(rows, columns, block) {
    float scale = scales[index], zero = zero_points[index];
    for (size_t i = start; i < end; i++) {
      float position = scale != 0 ? bounded(values[i] / scale + zero, 0, top) : zero;
      float whole = floorf(position < top - 1 ? position : top - 1);
      float rest = bounded(position - whole, 0.001f, 0.999f);
      floors[i] = whole;
      // The variable whose share is `rest`.
      variables[i] = -0.69314718f * log2_of(1.2f / (rest + 0.1f) - 1.0f);
      errors[i] = (whole + share_up(variables[i]) - zero) * scale - values[i];
    }
  }
}

DISPATCHED void decant_adaround_step(
    size_t rows, size_t columns, const float *restrict values, const float *restrict gradients, size_t block,
    const float *restrict scales, const uint8_t *restrict zero_points, const float *restrict floors, decant_adam adam,
    float penalty, float exponent, float *restrict variables, float *restrict means, float *restrict squares,
    float *restrict errors) {
  EACH_BLOCK(rows, columns, block) {
    float scale = scales[index], zero = zero_points[index];
    for (size_t i = start; i < end; i++) {
      float s = sigmoid(variables[i]), share = 1.2f * s - 0.1f;
      float slope = share > 0 && share < 1 ? 1.2f * s * (1.0f - s) : 0;
      float far = 2.0f * share - 1.0f, size = fabsf(far);
      float power = exp2_of((exponent - 1.0f) * log2_of(size > 1e-6f ? size : 1e-6f));
      float g = (2.0f * gradients[i] * scale * adam.factor - 2.0f * penalty * exponent * copysignf(power, far)) * slope;
      float mean = 0.9f * means[i] + 0.1f * g, square = 0.999f * squares[i] + 0.001f * g * g;
      float variable = variables[i] - adam.rate * (mean * adam.mean_scale) / (__builtin_elementwise_sqrt(square * adam.square_scale) + 1e-8f);
      means[i] = mean;
      squares[i] = square;
      variables[i] = variable;
      errors[i] = (floors[i] + share_up(variable) - zero) * scale - values[i];
    }
  }
}

DISPATCHED void decant_adaround_finish(
    size_t count, const float *restrict floors, const float *restrict variables, uint8_t *restrict codes) {
  for (size_t i = 0; i < count; i++) codes[i] = (uint8_t)((int32_t)floors[i] + (variables[i] >= 0 ? 1 : 0));
}

DISPATCHED void decant_sign_round(
    size_t rows, size_t columns, const float *restrict values, size_t block, int levels, const float *restrict scales,
    const uint8_t *restrict zero_points, const float *restrict offsets, uint8_t *restrict codes, float *restrict errors) {
  float top = (float)(levels - 1);
  EACH_BLOCK(rows, columns, block) {
    float scale = scales[index], zero = zero_points[index], factor = scale != 0 ? 1.0f / scale : 0.0f;
    for (size_t i = start; i < end; i++) {
      float code = to_even(bounded(values[i] * factor + zero + offsets[i], 0, top));
      codes[i] = (uint8_t)(int32_t)code;
      errors[i] = (code - zero) * scale - values[i];
    }
  }
}

DISPATCHED void decant_sign_step(
    size_t rows, size_t columns, const float *restrict values, const float *restrict gradients, size_t block, int levels,
    int scale_type, float rate, const float *restrict full_scales, const uint8_t *restrict zero_points,
    const uint8_t *restrict codes, float *restrict shares, float *restrict scales, float *restrict offsets) {
  float top = (float)(levels - 1);
  EACH_BLOCK(rows, columns, block) {
    float scale = scales[index], zero = zero_points[index], slopes[16] = {0};
    if (scale == 0) continue;
    float factor = 1.0f / scale;
    for (size_t i = start; i < end; i++) {
      float position = values[i] * factor, place = position + zero + offsets[i], g = gradients[i] * scale;
      // Rounding passes gradients through; a code at an end of its range has none to pass.
      float inside = place > 0 && place < top ? 1.0f : 0.0f;
      slopes[(i - start) % 16] += g * ((float)codes[i] - zero - inside * position);
      float direction = g > 0 ? 1.0f : g < 0 ? -1.0f : 0.0f;
      offsets[i] = bounded(offsets[i] - rate * direction * inside, -0.5f, 0.5f);
    }
    float slope = 0;
    for (size_t lane = 0; lane < 16; lane++) slope += slopes[lane];
    shares[index] = bounded(shares[index] - rate * (slope > 0 ? 1.0f : slope < 0 ? -1.0f : 0.0f), 0.5f, 1.0f);
    scales[index] = stored(full_scales[index] * shares[index], scale_type);
  }
}
