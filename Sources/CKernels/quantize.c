#include "CKernels.h"
#include "dispatch.h"
#include <string.h>

// Adding 1.5 * 2^23 to |v| < 2^22 rounds half to even and leaves the integer in the low bits.
INLINED int32_t code(float value, float scale, float low, float high, int32_t zero_point) {
  float v = value / scale;
  v = v > low ? v : low;
  v = v < high ? v : high;
  v += 12582912.0f;
  int32_t bits;
  memcpy(&bits, &v, 4);
  return bits - 0x4B400000 + zero_point;
}

DISPATCHED void decant_quantize_i8(
    const float *restrict values, size_t count, float scale, int32_t zero_point, int8_t *restrict codes) {
  float low = (float)(-128 - zero_point), high = (float)(127 - zero_point);
  for (size_t i = 0; i < count; i++) codes[i] = (int8_t)code(values[i], scale, low, high, zero_point);
}

DISPATCHED void decant_quantize_u8(
    const float *restrict values, size_t count, float scale, int32_t zero_point, uint8_t *restrict codes) {
  float low = (float)(0 - zero_point), high = (float)(255 - zero_point);
  for (size_t i = 0; i < count; i++) codes[i] = (uint8_t)code(values[i], scale, low, high, zero_point);
}

DISPATCHED void decant_dequantize_i8(
    const int8_t *restrict codes, size_t count, float scale, int32_t zero_point, float *restrict values) {
  for (size_t i = 0; i < count; i++) values[i] = (float)(codes[i] - zero_point) * scale;
}

DISPATCHED void decant_dequantize_u8(
    const uint8_t *restrict codes, size_t count, float scale, int32_t zero_point, float *restrict values) {
  for (size_t i = 0; i < count; i++) values[i] = (float)(codes[i] - zero_point) * scale;
}
