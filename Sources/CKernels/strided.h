// How loops over several operands walk the axes of their result, the last axis aside.
#ifndef DECANT_STRIDED_H
#define DECANT_STRIDED_H
#include "dispatch.h"
#include <stddef.h>

// Moves to the next line; 0 after the last.
INLINED int next_line(size_t *place, const size_t *extents, size_t inner) {
  for (size_t axis = inner; axis-- > 0;) {
    if (++place[axis] < extents[axis]) return 1;
    place[axis] = 0;
  }
  return 0;
}

// Where an operand has the first element of a line.
INLINED size_t offset_of(const size_t *place, const size_t *strides, size_t inner) {
  size_t offset = 0;
  for (size_t axis = 0; axis < inner; axis++) offset += place[axis] * strides[axis];
  return offset;
}
#endif
