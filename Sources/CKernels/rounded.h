// Numbers on their way to codes: rounding and bounds that vectorize.
#ifndef DECANT_ROUNDED_H
#define DECANT_ROUNDED_H
#include "dispatch.h"
#include <math.h>
#include <stdint.h>

// `low` for a NaN.
INLINED float bounded(float v, float low, float high) {
  v = v > low ? v : low;
  return v < high ? v : high;
}

// Halves to even, for |v| < 2^22: adding 1.5 * 2^23 leaves no place for less than 1.
INLINED float to_even(float v) {
  const float shift = 12582912.0f;
  return (v + shift) - shift;
}

// Halves away from zero, for |v| < 2^22.
INLINED float away(float v) {
  float size = fabsf(v), whole = (float)(int32_t)size;
  whole += size - whole >= 0.5f ? 1.0f : 0.0f;
  return copysignf(whole, v);
}

// The same for 0 <= v < 2^22: the largest number below a half takes halves up, and what is less than a half down.
INLINED float level(float v) { return (float)(int32_t)(v + 0.49999997f); }
#endif
