#include "CEngine.h"
#include "lanes.h"
#include <math.h>

// 1 + tanh(z) is 2 sigmoid(2 z).
INLINED lanes gelu_by_tanh(lanes x) {
  lanes inner = multiply_add(x * x * x, 0.044715f, x) * 1.59576912f;
  return x * sigmoid_of(inner);
}

INLINED lanes sign_of(lanes x) {
  lanes one = choose(x > 0.0f, 1.0f, choose(x < 0.0f, -1.0f, 0.0f));
  return choose(x == x, one, x);
}

INLINED lanes value_of(decant_function function, lanes x, lanes parameter) {
  switch (function) {
  case DECANT_ABSOLUTE: return magnitude(x);
  case DECANT_AT_LEAST: return at_least(x, parameter);
  case DECANT_AT_MOST: return at_most(x, parameter);
  case DECANT_ERF: return erf_of(x);
  case DECANT_EXP: return exp_of(x);
  case DECANT_GELU: return 0.5f * x * raised_erf_of(x * 0.707106781f);
  case DECANT_GELU_BY_TANH: return gelu_by_tanh(x);
  case DECANT_HARD_SWISH: return x * at_least(at_most(multiply_add(x, 0.166666667f, 0.5f), 1.0f), 0.0f);
  case DECANT_NEGATE: return -x;
  case DECANT_RECIPROCAL: return 1.0f / x;
  case DECANT_RECTIFY: return choose(x < 0.0f, 0.0f, x);
  case DECANT_SIGMOID: return sigmoid_of(x);
  case DECANT_SIGN: return sign_of(x);
  case DECANT_SQUARE: return x * x;
  case DECANT_SQUARE_ROOT: return __builtin_elementwise_sqrt(x);
  case DECANT_SWISH: return x * sigmoid_of(parameter * x);
  case DECANT_TANH: return tanh_of(x);
  }
  return x;
}

INLINED void map_row(decant_function function, lanes parameter, const float *x, const float *bias, size_t width, float *y) {
  size_t i = 0;
  for (; i + LANES <= width; i += LANES) {
    lanes v = load(x + i);
    if (bias) v += load(bias + i);
    store(y + i, value_of(function, v, parameter));
  }
  if (i == width) return;
  lanes v = load_some(x + i, width - i, 0);
  if (bias) v += load_some(bias + i, width - i, 0);
  store_some(y + i, value_of(function, v, parameter), width - i);
}

INLINED void map(
    decant_function function, float parameter, const float *x, const float *bias, size_t rows, size_t width, float *y) {
  for (size_t row = 0; row < rows; row++) map_row(function, parameter, x + row * width, bias, width, y + row * width);
}

// One loop for each function, for none is chosen inside.
#define EACH(name)                                                                                                               \
  case name: map(name, parameter, x, bias, rows, width, y); break

WIDE DISPATCHED void decant_map_f32(
    decant_function function, float parameter, const float *x, const float *bias, size_t rows, size_t width, float *y) {
  switch (function) {
    EACH(DECANT_ABSOLUTE);
    EACH(DECANT_AT_LEAST);
    EACH(DECANT_AT_MOST);
    EACH(DECANT_ERF);
    EACH(DECANT_EXP);
    EACH(DECANT_GELU);
    EACH(DECANT_GELU_BY_TANH);
    EACH(DECANT_HARD_SWISH);
    EACH(DECANT_NEGATE);
    EACH(DECANT_RECIPROCAL);
    EACH(DECANT_RECTIFY);
    EACH(DECANT_SIGMOID);
    EACH(DECANT_SIGN);
    EACH(DECANT_SQUARE);
    EACH(DECANT_SQUARE_ROOT);
    EACH(DECANT_SWISH);
    EACH(DECANT_TANH);
  }
}

#define TO_FLOATS(element)                                                                                                       \
  for (size_t i = 0; i < count; i++) y[i] = (float)((const element *)integers)[i]

DISPATCHED void decant_integers_to_f32(const void *integers, size_t width, int are_signed, size_t count, float *y) {
  switch (width) {
  case 1:
    if (are_signed) TO_FLOATS(int8_t);
    else TO_FLOATS(uint8_t);
    break;
  case 4: TO_FLOATS(int32_t); break;
  default: TO_FLOATS(int64_t);
  }
}
