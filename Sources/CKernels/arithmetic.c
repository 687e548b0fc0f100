#include "CEngine.h"
#include "lanes.h"
#include "strided.h"

INLINED lanes combined(decant_arithmetic op, lanes a, lanes b) {
  switch (op) {
  case DECANT_ADD: return a + b;
  case DECANT_SUBTRACT: return a - b;
  case DECANT_MULTIPLY: return a * b;
  case DECANT_DIVIDE: return a / b;
  case DECANT_MAXIMUM: return choose((a > b) | (a != a), a, b);
  case DECANT_MINIMUM: return choose((a < b) | (a != a), a, b);
  }
  return a;
}

// `a_moves` and `b_moves` say whether an operand moves along the line, or is one number.
INLINED void line(decant_arithmetic op, const float *a, int a_moves, const float *b, int b_moves, size_t count, float *y) {
  lanes u = *a, v = *b;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    store(y + i, combined(op, a_moves ? load(a + i) : u, b_moves ? load(b + i) : v));
  if (i == count) return;
  if (a_moves) u = load_some(a + i, count - i, 1);
  if (b_moves) v = load_some(b + i, count - i, 1);
  store_some(y + i, combined(op, u, v), count - i);
}

INLINED void lines(
    decant_arithmetic op, size_t rank, const size_t *extents, const float *a, const size_t *a_strides, int a_moves,
    const float *b, const size_t *b_strides, int b_moves, float *y) {
  size_t inner = rank - 1, place[DECANT_AXES] = {0}, count = extents[inner];
  do {
    line(op, a + offset_of(place, a_strides, inner), a_moves, b + offset_of(place, b_strides, inner), b_moves, count, y);
    y += count;
  } while (next_line(place, extents, inner));
}

// One loop for each operation and way of moving, for none is chosen inside.
#define EACH(op)                                                                                                                 \
  case op:                                                                                                                       \
    if (a_moves && b_moves) lines(op, rank, extents, a, a_strides, 1, b, b_strides, 1, y);                                       \
    else if (a_moves) lines(op, rank, extents, a, a_strides, 1, b, b_strides, 0, y);                                             \
    else lines(op, rank, extents, a, a_strides, 0, b, b_strides, 1, y);                                                          \
    break

WIDE DISPATCHED void decant_arithmetic_f32(
    decant_arithmetic op, size_t rank, const size_t *extents, const float *a, const size_t *a_strides, const float *b,
    const size_t *b_strides, float *y) {
  size_t one = 1, zero = 0;
  if (rank == 0) {
    rank = 1;
    extents = &one;
    a_strides = b_strides = &zero;
  }
  int a_moves = a_strides[rank - 1] != 0, b_moves = b_strides[rank - 1] != 0;
  switch (op) {
    EACH(DECANT_ADD);
    EACH(DECANT_SUBTRACT);
    EACH(DECANT_MULTIPLY);
    EACH(DECANT_DIVIDE);
    EACH(DECANT_MAXIMUM);
    EACH(DECANT_MINIMUM);
  }
}

DISPATCHED void decant_select_4(
    size_t rank, const size_t *extents, const uint8_t *condition, const size_t *condition_strides, const void *a,
    const size_t *a_strides, const void *b, const size_t *b_strides, void *y) {
  uint32_t *to = y;
  if (rank == 0) {
    *to = *(condition[0] ? (const uint32_t *)a : (const uint32_t *)b);
    return;
  }
  size_t inner = rank - 1, place[DECANT_AXES] = {0}, count = extents[inner];
  size_t c_step = condition_strides[inner], a_step = a_strides[inner], b_step = b_strides[inner];
  do {
    const uint8_t *c = condition + offset_of(place, condition_strides, inner);
    const uint32_t *u = (const uint32_t *)a + offset_of(place, a_strides, inner);
    const uint32_t *v = (const uint32_t *)b + offset_of(place, b_strides, inner);
    if (c_step == 1 && a_step == 0 && b_step == 0)
      for (size_t i = 0; i < count; i++) to[i] = c[i] ? *u : *v;
    else if (c_step == 1 && a_step == 1 && b_step == 0)
      for (size_t i = 0; i < count; i++) to[i] = c[i] ? u[i] : *v;
    else
      for (size_t i = 0; i < count; i++) to[i] = c[i * c_step] ? u[i * a_step] : v[i * b_step];
    to += count;
  } while (next_line(place, extents, inner));
}

WIDE DISPATCHED void decant_sum_rows_f32(const float *x, size_t rows, size_t width, float divisor, float *y) {
  for (size_t row = 0; row < rows; row++) y[row] = (float)(total_of(x + row * width, width) / (double)divisor);
}

// Sums of so many rows are taken before they are added to the others.
enum { BLOCK = 64 };

WIDE DISPATCHED void decant_sum_columns_f32(
    const float *x, size_t outer, size_t length, size_t inner, float divisor, float *y) {
  for (size_t o = 0; o < outer; o++, x += length * inner, y += inner)
    for (size_t i = 0; i < inner; i += LANES) {
      size_t count = inner - i < LANES ? inner - i : LANES;
      lanes sum = 0;
      for (size_t start = 0; start < length; start += BLOCK) {
        size_t end = length - start < BLOCK ? length : start + BLOCK;
        lanes part = 0;
        for (size_t l = start; l < end; l++)
          part += load_up_to(x + l * inner + i, count);
        sum += part;
      }
      store_some(y + i, sum / divisor, count);
    }
}
