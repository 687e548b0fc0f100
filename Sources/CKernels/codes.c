#include "CIntegers.h"
#include "dispatch.h"
#include "rounded.h"
#include <math.h>
#include <string.h>

DISPATCHED void decant_span_f32(const float *values, size_t count, float *low, float *high) {
  // Several lanes, for a single chain of minima waits for each comparison; their order does not matter.
  enum { LANES = 64 };
  float least[LANES] = {0}, greatest[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t lane = 0; lane < LANES; lane++) {
      float v = values[i + lane];
      least[lane] = v < least[lane] ? v : least[lane];
      greatest[lane] = v > greatest[lane] ? v : greatest[lane];
    }
  for (; i < count; i++) {
    least[0] = values[i] < least[0] ? values[i] : least[0];
    greatest[0] = values[i] > greatest[0] ? values[i] : greatest[0];
  }
  for (size_t lane = 1; lane < LANES; lane++) {
    least[0] = least[lane] < least[0] ? least[lane] : least[0];
    greatest[0] = greatest[lane] > greatest[0] ? greatest[lane] : greatest[0];
  }
  *low = least[0];
  *high = greatest[0];
}

DISPATCHED void decant_code_u8(const float *restrict values, size_t count, float scale, float zero, uint8_t *restrict codes) {
  // What is beyond 512 steps is beyond the codes, whatever the zero point.
  for (size_t i = 0; i < count; i++)
    codes[i] = (uint8_t)(int32_t)bounded(to_even(bounded(values[i] / scale, -512, 512)) + zero, 0, 255);
}

DISPATCHED void decant_transpose_u8(
    const uint8_t *restrict source, size_t rows, size_t columns, uint8_t *restrict target) {
  enum { SIDE = 32 };
  for (size_t j = 0; j < columns; j += SIDE)
    for (size_t i = 0; i < rows; i += SIDE) {
      size_t width = columns - j < SIDE ? columns - j : SIDE, height = rows - i < SIDE ? rows - i : SIDE;
      for (size_t x = 0; x < width; x++)
        for (size_t y = 0; y < height; y++) target[(j + x) * rows + i + y] = source[(i + y) * columns + j + x];
    }
}

// Bodies are the same for both types of codes.
#define PAIRWISE(name, type, low, high, body)                                                                                  \
  DISPATCHED void name(                                                                                                        \
      const type *restrict first, const type *restrict second, size_t count, int is_one, decant_pairing how,                   \
      type *restrict result) {                                                                                                 \
    if (is_one) {                                                                                                              \
      float b = (float)second[0];                                                                                              \
      for (size_t i = 0; i < count; i++) {                                                                                     \
        float a = (float)first[i];                                                                                             \
        result[i] = (type)(int32_t)bounded(to_even(bounded(body, -512, 512)), low, high);                                      \
      }                                                                                                                        \
      return;                                                                                                                  \
    }                                                                                                                          \
    for (size_t i = 0; i < count; i++) {                                                                                       \
      float a = (float)first[i], b = (float)second[i];                                                                         \
      result[i] = (type)(int32_t)bounded(to_even(bounded(body, -512, 512)), low, high);                                        \
    }                                                                                                                          \
  }

PAIRWISE(decant_add_codes_u8, uint8_t, 0, 255, (how.fixed + how.left * a) + how.right * b)
PAIRWISE(decant_add_codes_i8, int8_t, -128, 127, (how.fixed + how.left * a) + how.right * b)
PAIRWISE(decant_multiply_codes_u8, uint8_t, 0, 255, (a - how.left) * (b - how.right) * how.fixed + how.zero)
PAIRWISE(decant_multiply_codes_i8, int8_t, -128, 127, (a - how.left) * (b - how.right) * how.fixed + how.zero)

void decant_map_codes(const uint8_t *restrict codes, size_t count, const uint8_t *restrict table, uint8_t *restrict mapped) {
  for (size_t i = 0; i < count; i++) mapped[i] = table[codes[i]];
}

#define OVER_CODES(suffix, type, low, high)                                                                                    \
  DISPATCHED void decant_sum_places_##suffix(                                                                                  \
      const type *restrict codes, size_t count, size_t channels, int32_t *restrict sums) {                                     \
    for (size_t i = 0; i < count; i++)                                                                                         \
      for (size_t c = 0; c < channels; c++) sums[c] += codes[i * channels + c];                                                \
  }                                                                                                                            \
  DISPATCHED void decant_greatest_##suffix(const type *restrict codes, size_t count, type *restrict greatest) {                \
    for (size_t c = 0; c < count; c++) greatest[c] = codes[c] > greatest[c] ? codes[c] : greatest[c];                          \
  }                                                                                                                            \
  DISPATCHED void decant_requantize_##suffix(                                                                                  \
      const int32_t *restrict sums, size_t rows, size_t channels, const int32_t *restrict bias,                                \
      const float *restrict factors, float zero, type *restrict codes) {                                                       \
    for (size_t i = 0; i < rows; i++)                                                                                          \
      for (size_t c = 0; c < channels; c++) {                                                                                  \
        uint32_t sum = (uint32_t)sums[i * channels + c] + (bias ? (uint32_t)bias[c] : 0);                                      \
        float v = to_even(bounded((float)(int32_t)sum * factors[c], -1024, 1024)) + zero;                                      \
        codes[i * channels + c] = (type)(int32_t)bounded(v, low, high);                                                        \
      }                                                                                                                        \
  }

OVER_CODES(u8, uint8_t, 0, 255)
OVER_CODES(i8, int8_t, -128, 127)

#define OF_NUMBERS(suffix, type, low, high)                                                                                    \
  DISPATCHED void decant_dequantize_channels_##suffix(                                                                         \
      const type *restrict codes, size_t rows, size_t channels, const float *restrict scales,                                  \
      const int32_t *restrict zeros, float *restrict values) {                                                                 \
    for (size_t i = 0; i < rows; i++)                                                                                          \
      for (size_t c = 0; c < channels; c++)                                                                                    \
        values[i * channels + c] = (float)(codes[i * channels + c] - zeros[c]) * scales[c];                                    \
  }                                                                                                                            \
  DISPATCHED void decant_add_numbers_##suffix(                                                                                 \
      const type *restrict codes, size_t channels, int32_t zero, float scale, float *restrict sums) {                          \
    for (size_t c = 0; c < channels; c++) sums[c] += (float)(codes[c] - zero) * scale;                                         \
  }                                                                                                                            \
  DISPATCHED void decant_code_means_##suffix(                                                                                  \
      const float *restrict sums, size_t channels, float count, float scale, float zero, type *restrict codes) {               \
    for (size_t c = 0; c < channels; c++) {                                                                                    \
      float v = sums[c] / count / scale + zero;                                                                                \
      codes[c] = (type)(int32_t)bounded(to_even(bounded(v, -512, 512)), low, high);                                            \
    }                                                                                                                          \
  }

OF_NUMBERS(u8, uint8_t, 0, 255)
OF_NUMBERS(i8, int8_t, -128, 127)

DISPATCHED void decant_softmax_codes(
    const uint8_t *restrict codes, size_t rows, size_t width, uint8_t flip, const float *restrict powers, float scale,
    float zero, uint8_t *restrict result) {
  float low = flip ? -128 : 0, high = flip ? 127 : 255;
  for (size_t i = 0; i < rows; i++) {
    const uint8_t *row = codes + i * width;
    uint8_t greatest = 0;
    for (size_t j = 0; j < width; j++) {
      uint8_t code = row[j] ^ flip;
      greatest = code > greatest ? code : greatest;
    }
    const float *own = powers + 256 * (size_t)greatest;
    float sum = 0;
    for (size_t j = 0; j < width; j++) sum += own[row[j] ^ flip];
    uint8_t made[256];
    for (size_t code = 0; code < 256; code++)
      made[code] = (uint8_t)(int32_t)bounded(to_even(bounded(own[code] / sum / scale, -512, 512)) + zero, low, high);
    for (size_t j = 0; j < width; j++) result[i * width + j] = made[row[j] ^ flip];
  }
}
