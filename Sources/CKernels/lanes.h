// Sixteen floats at a time, and elementary functions of them. Fused multiply-adds are spelled and sums are taken lane by lane, so
// that results are the same bits at every level of the processor.
#ifndef DECANT_LANES_H
#define DECANT_LANES_H
#include "dispatch.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 16 };
typedef float lanes __attribute__((ext_vector_type(LANES)));
typedef int32_t whole_lanes __attribute__((ext_vector_type(LANES)));

// Vectors are passed between inlined functions only: no call depends on how the processor's level passes them.
#pragma clang diagnostic ignored "-Wpsabi"

// Goes in front of DISPATCHED functions over `lanes`: a vector is one register where the processor has such.
#if defined(__x86_64__) && defined(__has_attribute)
#if __has_attribute(min_vector_width)
#define WIDE __attribute__((min_vector_width(512)))
#endif
#endif
#ifndef WIDE
#define WIDE
#endif

INLINED lanes load(const float *from) {
  lanes v;
  memcpy(&v, from, sizeof v);
  return v;
}

INLINED void store(float *to, lanes v) { memcpy(to, &v, sizeof v); }

// The first `count` elements, below LANES of them; the others are `filler`.
INLINED lanes load_some(const float *from, size_t count, float filler) {
  float all[LANES];
  for (int i = 0; i < LANES; i++) all[i] = filler;
  memcpy(all, from, count * sizeof(float));
  return load(all);
}

INLINED void store_some(float *to, lanes v, size_t count) {
  float all[LANES];
  store(all, v);
  memcpy(to, all, count * sizeof(float));
}

INLINED lanes load_up_to(const float *from, size_t count) { return count == LANES ? load(from) : load_some(from, count, 0); }

INLINED void store_up_to(float *to, lanes v, size_t count) {
  if (count == LANES) store(to, v);
  else store_some(to, v, count);
}

INLINED lanes multiply_add(lanes a, lanes b, lanes c) { return __builtin_elementwise_fma(a, b, c); }

INLINED lanes choose(whole_lanes which, lanes yes, lanes no) {
  return (lanes)(((whole_lanes)yes & which) | ((whole_lanes)no & ~which));
}

INLINED lanes magnitude(lanes x) { return (lanes)((whole_lanes)x & 0x7fffffff); }

INLINED lanes with_sign(lanes size, lanes sign) {
  return (lanes)((whole_lanes)size | ((whole_lanes)sign & (int32_t)0x80000000));
}

// The larger of two, and `a` where it is a NaN.
INLINED lanes at_least(lanes a, lanes b) { return choose(a < b, b, a); }
INLINED lanes at_most(lanes a, lanes b) { return choose(a > b, b, a); }
INLINED lanes within(lanes v, float low, float high) { return at_most(at_least(v, low), high); }

INLINED float sum_of(lanes v) {
  float all[LANES];
  store(all, v);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) all[i] += all[i + half];
  return all[0];
}

// The largest, NaNs left out unless there is nothing else.
INLINED float largest_of(lanes v) {
  float all[LANES];
  store(all, v);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) all[i] = all[i] > all[i + half] ? all[i] : all[i + half];
  return all[0];
}

// Sums of so many elements are carried in f32, lane by lane; those of longer rows in f64.
enum { STRETCH = 1024 };

// The sum of the elements.
INLINED double total_of(const float *x, size_t count) {
  double sum = 0;
  for (size_t start = 0; start < count; start += STRETCH) {
    size_t end = count - start < STRETCH ? count : start + STRETCH, i = start;
    lanes a = 0, b = 0;
    for (; i + 2 * LANES <= end; i += 2 * LANES) {
      a += load(x + i);
      b += load(x + i + LANES);
    }
    for (; i + LANES <= end; i += LANES) a += load(x + i);
    if (i < end) b += load_some(x + i, end - i, 0);
    sum += (double)sum_of(a + b);
  }
  return sum;
}

// e to the power of x by the power of two that lies nearest, as a number around 1 and an integer in the last bits of `shifted`.
INLINED lanes exp_parts(lanes x, lanes *shifted) {
  const lanes shift = 12582912.0f;
  *shifted = multiply_add(x, 1.44269504f, shift);
  lanes whole = *shifted - shift;
  lanes rest = multiply_add(whole, -0.693145752f, x);
  rest = multiply_add(whole, -1.42860677e-6f, rest);
  lanes series = multiply_add(rest, 0.00138198235f, 0.00836868677f);
  series = multiply_add(series, rest, 0.0416682772f);
  series = multiply_add(series, rest, 0.166665211f);
  series = multiply_add(series, rest, 0.49999994f);
  return multiply_add(series * rest, rest, rest) + 1.0f;
}

// e to the power of x, to 1 unit in the last place; 0 below -86.5, infinity above 89.
INLINED lanes exp_of(lanes x) {
  lanes shifted, series = exp_parts(at_most(at_least(x, -86.5f), 89.0f), &shifted);
  // A half of the power of two, which itself may be more than a float holds.
  series *= (lanes)(((whole_lanes)shifted << 23) + 0x3f000000);
  return choose(x < -86.5f, 0.0f, series + series);
}

// The same for x up to 0; 0 below -87.
INLINED lanes exp_below(lanes x) {
  lanes shifted, series = exp_parts(at_least(x, -87.0f), &shifted);
  series *= (lanes)(((whole_lanes)shifted << 23) + 0x3f800000);
  return choose(x < -87.0f, 0.0f, series);
}

// -log(erfc(t)) for t in 0.9...9.3.
INLINED lanes complement_exponent(lanes t) {
  lanes sum = multiply_add(t, -3.07973891e-9f, 1.7614488e-7f);
  sum = multiply_add(sum, t, -4.51148298e-6f);
  sum = multiply_add(sum, t, 6.86609637e-5f);
  sum = multiply_add(sum, t, -0.000696138304f);
  sum = multiply_add(sum, t, 0.00501050148f);
  sum = multiply_add(sum, t, -0.0267549176f);
  sum = multiply_add(sum, t, 0.110202245f);
  sum = multiply_add(sum, t, 0.632060707f);
  sum = multiply_add(sum, t, 1.12993622f);
  return multiply_add(sum, t, -0.00021757622f);
}

// erf(x) for x in -0.9...0.9.
INLINED lanes small_erf(lanes x) {
  lanes square = x * x;
  lanes sum = multiply_add(square, 0.000503004936f, -0.00183466019f);
  sum = multiply_add(sum, square, 0.00613237545f);
  sum = multiply_add(sum, square, -0.0272513088f);
  sum = multiply_add(sum, square, 0.112911537f);
  sum = multiply_add(sum, square, -0.376131535f);
  sum = multiply_add(sum, square, 0.128379226f);
  return multiply_add(sum, x, x);
}

static const float small_erf_end = 0.9f;

// The error function.
INLINED lanes erf_of(lanes x) {
  lanes size = magnitude(x);
  lanes large = 1.0f - exp_below(-complement_exponent(at_most(size, 9.3f)));
  return choose(size > small_erf_end, with_sign(large, x), small_erf(x));
}

// 1 + erf(x), without cancellation for negative x.
INLINED lanes raised_erf_of(lanes x) {
  lanes size = magnitude(x);
  lanes rest = exp_below(-complement_exponent(at_most(size, 9.3f)));
  lanes large = choose(x < 0.0f, rest, 2.0f - rest);
  return choose(size > small_erf_end, large, 1.0f + small_erf(x));
}

// 1 / (1 + e^-x).
INLINED lanes sigmoid_of(lanes x) {
  lanes power = exp_below(-magnitude(x));
  return choose(x < 0.0f, power, 1.0f) / (1.0f + power);
}

INLINED lanes tanh_of(lanes x) {
  lanes size = magnitude(x), square = x * x;
  lanes sum = multiply_add(square, 0.00200578151f, -0.00802320335f);
  sum = multiply_add(sum, square, 0.0216367524f);
  sum = multiply_add(sum, square, -0.0539348498f);
  sum = multiply_add(sum, square, 0.133331105f);
  sum = multiply_add(sum, square, -0.333333284f);
  lanes small = multiply_add(sum * square, x, x);
  lanes power = exp_below(-2.0f * size);
  lanes large = (1.0f - power) / (1.0f + power);
  return choose(size > 0.65f, with_sign(large, x), small);
}
#endif
