#include "CEngine.h"
#include "strided.h"

// Compares one line; an operand that does not move along it has a step of 0.
#define COMPARE_LINE(element, operator)                                                                                          \
  do {                                                                                                                           \
    const element *u = (const element *)a + a_start, *v = (const element *)b + b_start;                                          \
    if (a_step == 1 && b_step == 0) {                                                                                            \
      element other = *v;                                                                                                        \
      for (size_t i = 0; i < count; i++) y[i] = u[i] operator other;                                                             \
    } else                                                                                                                       \
      for (size_t i = 0; i < count; i++) y[i] = u[i * a_step] operator v[i * b_step];                                            \
  } while (0)

#define COMPARE(element)                                                                                                         \
  switch (comparison) {                                                                                                          \
  case DECANT_EQUAL: COMPARE_LINE(element, ==); break;                                                                           \
  case DECANT_GREATER: COMPARE_LINE(element, >); break;                                                                          \
  case DECANT_GREATER_OR_EQUAL: COMPARE_LINE(element, >=); break;                                                                \
  case DECANT_LESS: COMPARE_LINE(element, <); break;                                                                             \
  case DECANT_LESS_OR_EQUAL: COMPARE_LINE(element, <=); break;                                                                   \
  case DECANT_AND: COMPARE_LINE(element, &&); break;                                                                             \
  case DECANT_OR: COMPARE_LINE(element, ||); break;                                                                              \
  case DECANT_DIFFER: COMPARE_LINE(element, !=); break;                                                                          \
  }

DISPATCHED void decant_compare(
    decant_comparison comparison, decant_element element, size_t rank, const size_t *extents, const void *a,
    const size_t *a_strides, const void *b, const size_t *b_strides, uint8_t *y) {
  size_t inner = rank == 0 ? 0 : rank - 1, place[DECANT_AXES] = {0}, count = rank == 0 ? 1 : extents[inner];
  size_t a_step = rank == 0 ? 0 : a_strides[inner], b_step = rank == 0 ? 0 : b_strides[inner];
  do {
    size_t a_start = offset_of(place, a_strides, inner), b_start = offset_of(place, b_strides, inner);
    switch (element) {
    case DECANT_FLOAT32: COMPARE(float); break;
    case DECANT_INT32: COMPARE(int32_t); break;
    case DECANT_INT64: COMPARE(int64_t); break;
    case DECANT_BOOL: COMPARE(uint8_t); break;
    }
    y += count;
  } while (next_line(place, extents, inner));
}
