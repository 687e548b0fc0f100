// Elementary functions that give the same bits on every machine, where those of the C library may differ in the last place.
#ifndef DECANT_ELEMENTARY_H
#define DECANT_ELEMENTARY_H
#include "dispatch.h"
#include <stdint.h>
#include <string.h>

// log2(x) for a positive normal x, to about 1e-7.
INLINED float log2_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  // The exponent for which the rest lies around 1, between sqrt(1/2) and sqrt(2).
  int32_t exponent = (int32_t)(bits - 0x3f3504f3u) >> 23;
  bits -= (uint32_t)exponent << 23;
  float rest;
  memcpy(&rest, &bits, 4);
  float t = (rest - 1.0f) / (rest + 1.0f), square = t * t;
  float series = t * (1.0f + square * (0.33333333f + square * (0.2f + square * 0.14285714f)));
  return (float)exponent + 2.8853901f * series;
}

// 2 to the power of x, to about 2e-7 of it, for x from -126 to 126; outside as at the ends.
INLINED float exp2_of(float x) {
  x = x > -126.0f ? x : -126.0f;
  x = x < 126.0f ? x : 126.0f;
  int32_t whole = (int32_t)(x + 256.5f) - 256;
  float f = (x - (float)whole) * 0.69314718f;
  float series = 1.0f + f * (1.0f + f * (0.5f + f * (0.16666667f + f * (0.041666667f + f * (0.0083333333f + f * 0.0013888889f)))));
  uint32_t bits = (uint32_t)(whole + 127) << 23;
  float power;
  memcpy(&power, &bits, 4);
  return series * power;
}
#endif
