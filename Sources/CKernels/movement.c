#include "CEngine.h"
#include "transpose.h"
#include <string.h>

// One plane of a transposition: to[x * to_stride + y] = from[y * from_stride + x].
typedef struct {
  size_t rows, columns;
  ptrdiff_t from_stride;
  size_t to_stride;
} plane;

#define MOVE_PLANE(name, element)                                                                                                \
  INLINED void name(const element *from, element *to, plane p) {                                                                 \
    for (size_t top = 0; top < p.rows; top += 16)                                                                                \
      for (size_t left = 0; left < p.columns; left += 16) {                                                                      \
        size_t bottom = p.rows - top < 16 ? p.rows : top + 16, right = p.columns - left < 16 ? p.columns : left + 16;            \
        for (size_t x = left; x < right; x++)                                                                                    \
          for (size_t y = top; y < bottom; y++) to[x * p.to_stride + y] = from[(ptrdiff_t)y * p.from_stride + (ptrdiff_t)x];     \
      }                                                                                                                          \
  }
MOVE_PLANE(move_plane_1, uint8_t)
MOVE_PLANE(move_plane_2, uint16_t)
MOVE_PLANE(move_plane_8, uint64_t)

// Four rows of blocks at a time write whole lines of the cache.
INLINED void move_plane_4(const uint32_t *from, uint32_t *to, plane p) {
  size_t blocks = p.from_stride < 0 ? 0 : p.rows / SIDE * SIDE, wide = p.columns / SIDE * SIDE;
  for (size_t top = 0; top < blocks; top += 32)
    for (size_t x = 0; x < wide; x += SIDE)
      for (size_t y = top; y < blocks && y < top + 32; y += SIDE)
        transpose_block(from + y * (size_t)p.from_stride + x, (size_t)p.from_stride, to + x * p.to_stride + y, p.to_stride);
  for (size_t x = 0; x < p.columns; x++)
    for (size_t y = x < wide ? blocks : 0; y < p.rows; y++)
      to[x * p.to_stride + y] = from[(ptrdiff_t)y * p.from_stride + (ptrdiff_t)x];
}

INLINED void move_plane(size_t width, const uint8_t *from, uint8_t *to, plane p) {
  switch (width) {
  case 1: move_plane_1(from, to, p); break;
  case 2: move_plane_2((const uint16_t *)from, (uint16_t *)to, p); break;
  case 4: move_plane_4((const uint32_t *)from, (uint32_t *)to, p); break;
  default: move_plane_8((const uint64_t *)from, (uint64_t *)to, p);
  }
}

#define MOVE_LINE(element)                                                                                                       \
  for (size_t i = 0; i < count; i++) ((element *)to)[i] = ((const element *)from)[(ptrdiff_t)i * stride]

INLINED void move_line(size_t width, const uint8_t *from, ptrdiff_t stride, size_t count, uint8_t *to) {
  if (stride == 1) {
    memcpy(to, from, count * width);
    return;
  }
  switch (width) {
  case 1: MOVE_LINE(uint8_t); break;
  case 2: MOVE_LINE(uint16_t); break;
  case 4: MOVE_LINE(uint32_t); break;
  default: MOVE_LINE(uint64_t);
  }
}

DISPATCHED void decant_copy_strided(
    size_t width, size_t rank, const size_t *extents, const ptrdiff_t *strides, const void *source, void *target) {
  const uint8_t *from = source;
  uint8_t *to = target;
  if (rank == 0) {
    memcpy(to, from, width);
    return;
  }
  // Distances in the target, and the axis along which the source is dense.
  size_t inner = rank - 1, dense = inner, steps[DECANT_AXES], place[DECANT_AXES] = {0}, distance = 1;
  for (size_t axis = rank; axis-- > 0;) {
    steps[axis] = distance;
    distance *= extents[axis];
    if (strides[axis] == 1 && strides[dense] != 1) dense = axis;
  }
  int is_plane = strides[inner] != 1 && strides[dense] == 1;
  plane p = {extents[inner], extents[dense], strides[inner], steps[dense]};
  for (;;) {
    ptrdiff_t offset = 0;
    size_t start = 0;
    for (size_t axis = 0; axis < inner; axis++) {
      offset += (ptrdiff_t)place[axis] * strides[axis];
      start += place[axis] * steps[axis];
    }
    const uint8_t *first = from + offset * (ptrdiff_t)width;
    if (is_plane) move_plane(width, first, to + start * width, p);
    else move_line(width, first, strides[inner], extents[inner], to + start * width);
    size_t axis = inner;
    for (; axis-- > 0;) {
      if (is_plane && axis == dense) continue;
      if (++place[axis] < extents[axis]) break;
      place[axis] = 0;
    }
    if (axis == (size_t)-1) return;
  }
}

size_t decant_gather_rows(
    const void *table, size_t outer, size_t rows, size_t width, const void *indices, int are_wide, size_t count,
    void *target) {
  const uint8_t *from = table;
  uint8_t *to = target;
  for (size_t i = 0; i < count; i++) {
    int64_t index = are_wide ? ((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
    if (index < 0) index += (int64_t)rows;
    if (index < 0 || index >= (int64_t)rows) return i;
    for (size_t o = 0; o < outer; o++)
      memcpy(to + (o * count + i) * width, from + (o * rows + (size_t)index) * width, width);
  }
  return count;
}

size_t decant_gather_places(
    const void *table, size_t depth, const size_t *extents, size_t width, const int64_t *indices, size_t count,
    void *target) {
  for (size_t i = 0; i < count; i++) {
    size_t offset = 0;
    for (size_t axis = 0; axis < depth; axis++) {
      int64_t extent = (int64_t)extents[axis], index = indices[i * depth + axis];
      if (index < 0) index += extent;
      if (index < 0 || index >= extent) return i;
      offset = offset * extents[axis] + (size_t)index;
    }
    memcpy((uint8_t *)target + i * width, (const uint8_t *)table + offset * width, width);
  }
  return count;
}
