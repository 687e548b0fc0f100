#include "CKernels.h"
#include "dispatch.h"
#include <string.h>

DISPATCHED void decant_split_planes_2(const void *elements, size_t count, uint8_t *planes) {
  const uint8_t *restrict from = elements;
  uint8_t *restrict low = planes, *restrict high = planes + count;
  for (size_t i = 0; i < count; i++) {
    uint16_t x;
    memcpy(&x, from + 2 * i, 2);
    x = (uint16_t)(x << 1 | x >> 15);
    low[i] = (uint8_t)x;
    high[i] = (uint8_t)(x >> 8);
  }
}

DISPATCHED void decant_split_planes_4(const void *elements, size_t count, uint8_t *planes) {
  const uint8_t *restrict from = elements;
  uint8_t *restrict a = planes, *restrict b = a + count, *restrict c = b + count, *restrict d = c + count;
  for (size_t i = 0; i < count; i++) {
    uint32_t x;
    memcpy(&x, from + 4 * i, 4);
    x = x << 1 | x >> 31;
    a[i] = (uint8_t)x;
    b[i] = (uint8_t)(x >> 8);
    c[i] = (uint8_t)(x >> 16);
    d[i] = (uint8_t)(x >> 24);
  }
}

DISPATCHED void decant_merge_planes_2(
    const uint8_t *restrict low, const uint8_t *restrict high, size_t count, void *elements) {
  uint8_t *restrict to = elements;
  for (size_t i = 0; i < count; i++) {
    uint16_t x = (uint16_t)(low[i] | high[i] << 8);
    x = (uint16_t)(x >> 1 | x << 15);
    memcpy(to + 2 * i, &x, 2);
  }
}

DISPATCHED void decant_merge_planes_4(
    const uint8_t *restrict a, const uint8_t *restrict b, const uint8_t *restrict c, const uint8_t *restrict d,
    size_t count, void *elements) {
  uint8_t *restrict to = elements;
  for (size_t i = 0; i < count; i++) {
    uint32_t x = (uint32_t)a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24;
    x = x >> 1 | x << 31;
    memcpy(to + 4 * i, &x, 4);
  }
}
