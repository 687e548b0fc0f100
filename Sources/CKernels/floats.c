#include "CKernels.h"
#include "dispatch.h"
#include <string.h>

INLINED uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

INLINED float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

DISPATCHED void decant_f32_to_f16(const float *restrict values, size_t count, uint16_t *restrict halves) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = bits_of(values[i]), magnitude = bits & 0x7FFFFFFFu;
    // Normal: rebias the exponent from 127 to 15 and round 13 bits away.
    uint32_t normal = (magnitude + 0xC8000FFFu + (magnitude >> 13 & 1)) >> 13;
    // Below 2^-14: adding 0.5, whose last place is the smallest half, rounds in the float unit.
    uint32_t small = bits_of(float_of(magnitude) + 0.5f) - 0x3F000000u;
    uint32_t nan = 0x7E00u | (magnitude >> 13 & 0x3FFu);
    uint32_t half = magnitude < 0x38800000u ? small : normal;
    half = magnitude >= 0x47800000u ? 0x7C00u : half;
    half = magnitude > 0x7F800000u ? nan : half;
    halves[i] = (uint16_t)(half | (bits >> 16 & 0x8000u));
  }
}

DISPATCHED void decant_f16_to_f32(const uint16_t *restrict halves, size_t count, float *restrict values) {
  for (size_t i = 0; i < count; i++) {
    uint32_t half = halves[i], shifted = (half & 0x7FFFu) << 13, exponent = shifted & 0x0F800000u;
    uint32_t normal = shifted + 0x38000000u;
    uint32_t special = shifted + 0x70000000u;
    uint32_t small = bits_of(float_of(shifted + 0x38800000u) - float_of(0x38800000u));
    uint32_t bits = exponent == 0 ? small : normal;
    bits = exponent == 0x0F800000u ? special : bits;
    bits |= (half & 0x8000u) << 16;
    memcpy(values + i, &bits, 4);
  }
}

DISPATCHED void decant_f32_to_bf16(const float *restrict values, size_t count, uint16_t *restrict halves) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = bits_of(values[i]);
    uint32_t rounded = (bits + 0x7FFFu + (bits >> 16 & 1)) >> 16;
    uint32_t nan = bits >> 16 | 0x40u;
    halves[i] = (uint16_t)((bits & 0x7FFFFFFFu) > 0x7F800000u ? nan : rounded);
  }
}

DISPATCHED void decant_bf16_to_f32(const uint16_t *restrict halves, size_t count, float *restrict values) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = (uint32_t)halves[i] << 16;
    memcpy(values + i, &bits, 4);
  }
}
