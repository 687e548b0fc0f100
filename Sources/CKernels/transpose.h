// Blocks of eight by eight 4-byte elements, rows turned into columns in registers.
#ifndef DECANT_TRANSPOSE_H
#define DECANT_TRANSPOSE_H
#include "dispatch.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SIDE = 8 };
typedef uint32_t eight __attribute__((ext_vector_type(SIDE)));
#pragma clang diagnostic ignored "-Wpsabi"

// to[x * to_stride + y] = from[y * from_stride + x] for x and y below SIDE.
INLINED void transpose_block(const uint32_t *from, size_t from_stride, uint32_t *to, size_t to_stride) {
  eight r[SIDE], s[SIDE];
#pragma clang loop unroll(full)
  for (int i = 0; i < SIDE; i++) memcpy(&r[i], from + (size_t)i * from_stride, sizeof r[i]);
  // Pairs of elements change places, then pairs of pairs, then halves.
#pragma clang loop unroll(full)
  for (int i = 0; i < SIDE; i += 2) {
    s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < SIDE; i += 4)
#pragma clang loop unroll(full)
    for (int j = i; j < i + 2; j++) {
      r[j] = __builtin_shufflevector(s[j], s[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      r[j + 2] = __builtin_shufflevector(s[j], s[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
#pragma clang loop unroll(full)
  for (int i = 0; i < SIDE / 2; i++) {
    s[i] = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    s[i + 4] = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < SIDE; i++) memcpy(to + (size_t)i * to_stride, &s[i], sizeof s[i]);
}
#endif
