// The few memory-bound loops that need run-time CPU dispatch; each is tested against a plain Swift reference.
//
// Pointers to elements need no alignment beyond their type's, `void` and byte pointers none at all. Inputs and outputs do not
// overlap. Counts are elements unless said otherwise. Nothing here allocates, fails, or depends on the number of threads.
#ifndef DECANT_CKERNELS_H
#define DECANT_CKERNELS_H
#include <stddef.h>
#include <stdint.h>
#include "CCeilings.h"
#include "CConvolution.h"
#include "CEngine.h"
#include "CFiles.h"
#include "CIntegers.h"
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

// Widens low[c]...high[c] and adds to sums[c] what channel c holds; values lie as outer * channels * inner. No NaNs.
void decant_channels_f32(
    const float *values, size_t outer, size_t channels, size_t inner, float *low, float *high, double *sums);

// Adds to errors[c], column by column, the squared error of rounding values[r][c] * factors[c] to whole numbers in least...most.
void decant_rounding_errors_f32(
    const float *values, size_t rows, size_t columns, const float *factors, float least, float most, float *errors);

// Histograms of magnitudes (magnitudes.c)

enum { DECANT_MAGNITUDE_BITS = 13 };

// Adds |v|, below 2^exponent, to 2^DECANT_MAGNITUDE_BITS counters of equal width; what lies beyond counts for the last. -126 <=
// exponent <= 128.
void decant_magnitudes_f32(const float *values, size_t count, int exponent, uint64_t *counters);

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

// Matrices (matrix.c)

// C += factor * A B, where C is `rows` x `columns` with rows `c_row` apart, and A is `rows` x `depth` with element (i, p) at
// a[i * a_row + p * a_step], B `depth` x `columns` with element (p, j) at b[p * b_step + j * b_column]. `scratch` has room for
// `decant_multiply_scratch(rows)` elements; a few hundred rows at a time keep it in the cache.
void decant_multiply_add_f32(
    size_t rows, size_t columns, size_t depth, float factor, const float *a, size_t a_row, size_t a_step, const float *b,
    size_t b_step, size_t b_column, float *c, size_t c_row, float *scratch);
size_t decant_multiply_scratch(size_t rows);

// The Gram matrix X'X, of which a chunk of at most DECANT_GRAM_ROWS rows of X is taken at a time. First the elements `first` up to
// `end` of the rows go into panels, which have room for `decant_gram_panels_size(columns)` elements; different threads may do so for
// different elements. `first` is a multiple of DECANT_GRAM_STEP, and so is `end` unless it is `columns`. Then their products are
// added to rows of the result: `rows` from `first` on, again a multiple; `sums` begins with the diagonal element of the first, and
// each row has `columns - first` elements, of which those below the diagonal mean nothing.
enum { DECANT_GRAM_ROWS = 256, DECANT_GRAM_STEP = 96 };
size_t decant_gram_panels_size(size_t columns);
void decant_gram_pack(
    const float *const *rows, size_t count, size_t columns, size_t first, size_t end, float *panels);
void decant_gram_add(const float *panels, size_t count, size_t columns, size_t first, size_t rows, float *sums);

// target[j * target_stride + i] = source[i * stride + j] for i below `rows` and j below `columns`.
void decant_transpose_f32(
    const float *source, size_t stride, size_t rows, size_t columns, float *target, size_t target_stride);

// Codes of few bits in blocks (blocks.c): value = (code - zero_point) * scale, codes 0 to levels - 1, at most 256 levels.

// Scale and zero point of each block of a row from its extremes, zero among them, as ONNX Runtime's block quantizer: symmetric
// blocks have the middle level as zero point and a scale whose sign puts the extreme on code 0. A scale is rounded to
// `scale_type` (0 float, 1 half, 2 bfloat16) before it is used.
void decant_fit_blocks_f32(
    const float *values, size_t count, size_t block, int levels, int is_symmetric, int scale_type, float *scales,
    uint8_t *zero_points);

// The codes of a row: round_half_away(v * (1 / scale) + zero_point), or with `adds_after` round_half_away(v * (1 / scale)) +
// zero_point; a scale of 0 gives the zero point.
void decant_code_blocks_f32(
    const float *values, size_t count, size_t block, int levels, int adds_after, const float *scales,
    const uint8_t *zero_points, uint8_t *codes);

// The same three steps at once for 4-bit codes (columns.c) of weights with their inputs first: input i of output j at values[i *
// stride + j], `inputs` a multiple of `block`, which divides 128. Output j has its scales and zero points from j * grid_stride on
// and its packed codes from j * code_stride on. Gives 0 where a value is not finite; what was written means nothing then.
int decant_code_columns_f32(
    const float *values, size_t stride, size_t outputs, size_t inputs, size_t block, int levels, int is_symmetric,
    int scale_type, float *scales, uint8_t *zero_points, size_t grid_stride, uint8_t *codes, size_t code_stride);

// Packs codes of 2 or 4 bits into bytes, the first in the lowest bits; codes of 8 bits are copied.
void decant_pack_codes(const uint8_t *codes, size_t count, int bits, uint8_t *bytes);

// Betters the scale and zero point of each block of a row, which come fitted to its extremes: over `steps` ranges down to half,
// zero points next to the given one, and scales fitted to the codes, the least sum of weights[i] * (rounded - value)^2.
void decant_search_blocks_f32(
    const float *values, const float *weights, size_t count, size_t block, int levels, int is_symmetric, int scale_type,
    int steps, float *scales, uint8_t *zero_points);

// GPTQ over some columns of some rows, in place: rounds column after column and spreads each error over the columns that
// follow, by the upper triangular `factor` (`columns` rows, `factor_stride` apart). Group `group_of[i]` of row r has scale
// scales[r * groups + group]. Writes the codes, and the errors divided by the diagonal.
void decant_gptq_rows(
    float *w, size_t row_stride, size_t rows, size_t columns, const float *factor, size_t factor_stride, const float *scales,
    const uint8_t *zero_points, size_t groups, const uint32_t *group_of, int levels, uint8_t *codes, size_t code_stride,
    float *errors, size_t error_stride);

// The same onto 16 ascending `values` times a magnitude for each weight (rows by columns): a number belongs to the value whose
// rank is the number of `bounds` (15) below it. Writes ranks and errors, rows by columns.
void decant_gptq_codebook_rows(
    float *w, size_t row_stride, size_t rows, size_t columns, const float *factor, size_t factor_stride,
    const float *magnitudes, const float *values, const float *bounds, uint8_t *ranks, float *errors);

// Coordinate descent over blocks (polish.c)

// Betters codes and scales of rows by coordinate descent on (w - value)' P (w - value), with P = `products` symmetric: each code
// moves to its best level given all others; between two sweeps each scale is fitted to its codes. `gradients` comes as P (w -
// value) for each row, and is kept so.
void decant_polish_rows(
    size_t rows, size_t columns, const float *products, size_t block, int levels, int scale_type, int sweeps, float *scales,
    const uint8_t *zero_points, uint8_t *codes, float *gradients);

// Searches over blocks (searches.c)

// Half-quadratic splitting over the zero point of each block of a row, which come fitted to its extremes and stay where the
// mean size of the errors does not fall.
void decant_halve_blocks_f32(
    const float *values, size_t count, size_t block, int levels, int scale_type, float *scales, uint8_t *zero_points);

// Scales, zero points and codes of a row as ggml's k-quants are searched in ONNX Runtime; `scratch` has room for four blocks.
void decant_kquant_blocks_f32(
    const float *values, size_t count, size_t block, int levels, int scale_type, float *scratch, float *scales,
    uint8_t *zero_points, uint8_t *codes);

// Scales, zero points and codes of a row from the span of each block, whether zero lies in it or not, in double precision.
void decant_span_blocks_f32(
    const float *values, size_t count, size_t block, int levels, int is_symmetric, int scale_type, float *scales,
    uint8_t *zero_points, uint8_t *codes);

// Learned rounding (rounding.c), of `rows` rows of weights; `gradients` is P (value - w), P the products of the inputs

// What Adam multiplies with at one step; `factor` is applied to the gradients.
typedef struct {
  float rate, mean_scale, square_scale, factor;
} decant_adam;

// AdaRound: a variable for each weight says how far it is rounded up from its floor. `errors` = value - w.
void decant_adaround_start(
    size_t rows, size_t columns, const float *values, size_t block, int levels, const float *scales,
    const uint8_t *zero_points, float *floors, float *variables, float *errors);

// One step of Adam on the squared error and `penalty` times 1 - |2 h - 1|^exponent of each share h.
void decant_adaround_step(
    size_t rows, size_t columns, const float *values, const float *gradients, size_t block, const float *scales,
    const uint8_t *zero_points, const float *floors, decant_adam adam, float penalty, float exponent, float *variables,
    float *means, float *squares, float *errors);

// The codes: floors and, where a share is at least a half, one more.
void decant_adaround_finish(size_t count, const float *floors, const float *variables, uint8_t *codes);

// SignRound: codes and errors with `offsets` added before rounding.
void decant_sign_round(
    size_t rows, size_t columns, const float *values, size_t block, int levels, const float *scales,
    const uint8_t *zero_points, const float *offsets, uint8_t *codes, float *errors);

// One step of sign descent on offsets, from -1/2 to 1/2, and on `shares` of the full scales, from 1/2 to 1.
void decant_sign_step(
    size_t rows, size_t columns, const float *values, const float *gradients, size_t block, int levels, int scale_type,
    float rate, const float *full_scales, const uint8_t *zero_points, const uint8_t *codes, float *shares, float *scales,
    float *offsets);

// Digests (sha256.c)

// SHA-256 of `count` messages, side by side; 32 bytes each. Returns 0, and does nothing, on a processor without 512-bit vectors.
// It takes the time of the largest message however many there are up to sixteen: few or uneven ones are left to libcrypto.
int decant_sha256_many(const uint8_t *const *inputs, const size_t *sizes, size_t count, uint8_t *digests);
#endif
