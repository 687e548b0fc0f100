// The few memory-bound loops that need run-time CPU dispatch; each is tested against a plain Swift reference.
//
// Pointers to elements need no alignment beyond their type's, `void` and byte pointers none at all. Inputs and outputs do not
// overlap. Counts are elements unless said otherwise. Nothing here allocates, fails, or depends on the number of threads.
#ifndef DECANT_CKERNELS_H
#define DECANT_CKERNELS_H
#include <stddef.h>
#include <stdint.h>
#include "CFiles.h"
#include "CMemory.h"
#include "CThreads.h"

// Byte planes (planes.c)

// Rotates each 2- or 4-byte little-endian element left by one bit, so that the sign comes last and the exponent first, and
// writes its bytes to `width` planes of `count` bytes each: the lowest bytes of all elements, then the next, and so on.
void decant_split_planes_2(const void *elements, size_t count, uint8_t *planes);
void decant_split_planes_4(const void *elements, size_t count, uint8_t *planes);

// The inverse of the splits; each plane may lie elsewhere.
void decant_merge_planes_2(const uint8_t *low, const uint8_t *high, size_t count, void *elements);
void decant_merge_planes_4(
    const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d, size_t count, void *elements);

// Statistics (statistics.c)

typedef struct {
  float min, max;              // of the finite values; +inf and -inf when there are none
  uint64_t nans;               // NaNs
  uint64_t positive_infinities;
  uint64_t negative_infinities;
} decant_range;

decant_range decant_range_f32(const float *values, size_t count);

// Adds the values in low...high to `bins` counters: value v belongs to bin floor((v - low) * bins / (high - low)), computed in
// double, and `high` to the last. NaNs and values outside are left out. Returns how many were counted.
// Nothing is counted unless low < high, both finite, and 0 < bins <= 2^30.
uint64_t decant_histogram_f32(const float *values, size_t count, double low, double high, uint64_t *counters, size_t bins);

// The same for |v|, over 0...high.
uint64_t decant_histogram_abs_f32(const float *values, size_t count, double high, uint64_t *counters, size_t bins);

// Quantization (quantize.c)

// q = clip(round_half_even(v / scale) + zero_point) with a true division in float; a NaN gives the lowest code.
// The scale is not zero; the zero point is one of the type's values.
void decant_quantize_i8(const float *values, size_t count, float scale, int32_t zero_point, int8_t *codes);
void decant_quantize_u8(const float *values, size_t count, float scale, int32_t zero_point, uint8_t *codes);

// v = (q - zero_point) * scale in float.
void decant_dequantize_i8(const int8_t *codes, size_t count, float scale, int32_t zero_point, float *values);
void decant_dequantize_u8(const uint8_t *codes, size_t count, float scale, int32_t zero_point, float *values);

// Small floats (floats.c): IEEE half and bfloat16, as bit patterns. Narrowing rounds half to even, overflows to infinity, and
// quiets NaNs keeping what fits of the payload; widening is exact and keeps NaN bits.
void decant_f32_to_f16(const float *values, size_t count, uint16_t *halves);
void decant_f16_to_f32(const uint16_t *halves, size_t count, float *values);
void decant_f32_to_bf16(const float *values, size_t count, uint16_t *halves);
void decant_bf16_to_f32(const uint16_t *halves, size_t count, float *values);

// Digests (sha256.c)

// SHA-256 of `count` messages, side by side; 32 bytes each. Returns 0, and does nothing, on a processor without 512-bit vectors.
// It takes the time of the largest message however many there are up to sixteen: few or uneven ones are left to libcrypto.
int decant_sha256_many(const uint8_t *const *inputs, const size_t *sizes, size_t count, uint8_t *digests);
#endif
