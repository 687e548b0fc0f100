// What becomes of exact sums of products of codes.
#ifndef DECANT_OUTCOME_H
#define DECANT_OUTCOME_H
#include "CIntegers.h"
#include "dispatch.h"
#include "rounded.h"

// One row of sums of the columns from `first` on, `zero` not taken into account yet, to the result from `place` on.
INLINED void plain_outcome(
    const decant_outcome *o, int kind, const int32_t *restrict sums, size_t first, size_t width, size_t place, void *result) {
  for (size_t x = 0; x < width; x++) {
    size_t j = first + x;
    uint32_t wrapped = (uint32_t)sums[x] - (uint32_t)o->zero * (uint32_t)o->sums[j] + (o->bias ? (uint32_t)o->bias[j] : 0);
    int32_t sum = (int32_t)wrapped;
    if (kind == DECANT_SUMS) {
      ((int32_t *)result)[place + x] = sum;
      continue;
    }
    float v = (float)sum * o->factors[j];
    if (kind == DECANT_FLOATS) {
      ((float *)result)[place + x] = o->addends ? v + o->addends[j] : v;
      continue;
    }
    float code = to_even(bounded(v, -1024, 1024)) + o->target;
    if (kind == DECANT_UNSIGNED_CODES)
      ((uint8_t *)result)[place + x] = (uint8_t)(int32_t)bounded(code, 0, 255);
    else
      ((int8_t *)result)[place + x] = (int8_t)(int32_t)bounded(code, -128, 127);
  }
}

#if defined(__x86_64__) && defined(__linux__)
#define DECANT_DOT_PRODUCTS 1
#include <immintrin.h>
#define DOTS __attribute__((target("arch=x86-64-v4,avx512vnni"), min_vector_width(512)))
#define INLINED_DOTS static inline DOTS __attribute__((always_inline))

// What the sums of sixteen columns from `j` on begin with: so that `zero` is taken into account.
INLINED_DOTS __m512i outcome_start(const decant_outcome *o, size_t j, __mmask16 mask) {
  __m512i sums = _mm512_mullo_epi32(_mm512_set1_epi32(o->zero), _mm512_maskz_loadu_epi32(mask, o->sums + j));
  return _mm512_sub_epi32(o->bias ? _mm512_maskz_loadu_epi32(mask, o->bias + j) : _mm512_setzero_si512(), sums);
}

// What turns the sums of sixteen columns into results.
typedef struct {
  __m512 factors, addends, low, high;
  __m512i target;
} outcome_lanes;

INLINED_DOTS outcome_lanes lanes_of(const decant_outcome *o, int kind, size_t j, __mmask16 mask) {
  float low = kind == DECANT_SIGNED_CODES ? -128 : 0;
  outcome_lanes l;
  l.factors = kind == DECANT_SUMS ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, o->factors + j);
  l.addends = o->addends ? _mm512_maskz_loadu_ps(mask, o->addends + j) : _mm512_set1_ps(-0.0f);
  l.low = _mm512_set1_ps(low - o->target);
  l.high = _mm512_set1_ps(low + 255 - o->target);
  l.target = _mm512_set1_epi32((int)o->target);
  return l;
}

// The sums of sixteen columns to the result from `place` on.
INLINED_DOTS void wide_outcome(outcome_lanes l, int kind, __m512i sum, __mmask16 mask, size_t place, void *result) {
  __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), l.factors);
  if (kind >= DECANT_UNSIGNED_CODES) {
    // Bounds first, then rounding by conversion: halves go to even. The order of operands matters: a NaN gives the second one.
    v = _mm512_min_ps(_mm512_max_ps(v, l.low), l.high);
    __m512i code = _mm512_add_epi32(_mm512_cvtps_epi32(v), l.target);
    _mm_mask_storeu_epi8((uint8_t *)result + place, mask, _mm512_cvtepi32_epi8(code));
  } else if (kind == DECANT_SUMS) {
    _mm512_mask_storeu_epi32((int32_t *)result + place, mask, sum);
  } else {
    _mm512_mask_storeu_ps((float *)result + place, mask, _mm512_add_ps(v, l.addends));
  }
}
#else
#define DECANT_DOT_PRODUCTS 0
#endif
#endif
