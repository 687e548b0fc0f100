// Loops on codes of one byte, and products of them. What is written is the same on every machine.
#ifndef DECANT_CINTEGERS_H
#define DECANT_CINTEGERS_H
#include <stddef.h>
#include <stdint.h>
#include "CConvolution.h"

// Products (products.c): rows of codes by packed columns of signed codes, summed exactly in 32 bits.

// How many bytes the packed columns take. Overflows nothing below 2^31 for either extent.
size_t decant_packed_columns_size(size_t depth, size_t columns);

// Packs a matrix whose element (p, j) is codes[p * step + j * stride], and adds up each column.
void decant_pack_columns(
    const int8_t *codes, size_t depth, size_t columns, size_t step, size_t stride, int8_t *packed, int32_t *sums);

// Writes element (c, p) of a filter of `channels` by `area` codes to turned[p * depth + c].
void decant_turn_filter(const uint8_t *codes, size_t channels, size_t area, size_t depth, uint8_t *turned);

// What becomes of the sums of one product.
typedef struct {
  int32_t zero;           // zero point of the rows
  const int32_t *sums;    // of the packed columns
  const int32_t *bias;    // added to the sums; may be NULL
  const float *factors;   // what each column's sum is multiplied with
  const float *addends;   // added to the products; may be NULL; for floats only
  float target;           // zero point of the result, for codes
} decant_outcome;

enum { DECANT_SUMS, DECANT_FLOATS, DECANT_UNSIGNED_CODES, DECANT_SIGNED_CODES };

// Where the rows of a product lie.
typedef struct {
  const void *bytes;
  int is_signed;
  size_t count, depth;
  size_t stride;                  // so many bytes lie from one to the next
  const decant_windows *windows;  // or, unless NULL, they are windows over images
  uint8_t fill;                   // the code of zero, for what lies outside
} decant_rows;

// result[i * columns + j] from the sum over p of (row[i][p] - zero) * column[p][j], plus bias: as it is; or times a factor,
// plus an addend; or times a factor, rounded half to even, plus the target's zero point, saturated. `scratch` has room for
// threads * decant_product_scratch(rows) bytes.
void decant_multiply_codes(
    const decant_rows *rows, size_t columns, const int8_t *packed, const decant_outcome *outcome, int kind, void *result,
    int threads, void *scratch);
size_t decant_product_scratch(const decant_rows *rows);

// Whether the processor multiplies and adds four codes at once.
int decant_has_dot_products(void);

// How many sums of two neighbouring products do not fit in 16 bits, rows without a sign and two codes of a column at a time:
// where AVX2 multiplies codes, those saturate. `scratch` has room for decant_product_scratch(rows) bytes.
uint64_t decant_count_saturated(const decant_rows *rows, size_t columns, const int8_t *packed, void *scratch);

// Convolutions of images of codes whose channels lie innermost, each channel by itself (convolve_code_channels.c): weights are
// `[window_height][window_width][channels]`, each in the lower half of 32 bits whose upper half is zero, and `depth` is the number of
// channels. Windows read `outside` where they lie outside of an image: a pixel of zero points. Computes the output rows
// `first`..<`last`, counted over all images. `places` has room for decant_channel_places(windows) pointers.
void decant_convolve_code_channels(
    const decant_windows *windows, const void *images, int is_signed, const uint32_t *weights, const decant_outcome *outcome,
    int kind, size_t first, size_t last, const void *outside, const void **places, void *result);

// Writes rows `first`..<`last` of one image in a frame of `fill`, channels innermost: as decant_frame_f32, but that pixels have `pixel`
// codes, of which those after the channels are filled too.
void decant_frame_codes(
    const uint8_t *image, size_t channels, size_t pixel, size_t height, size_t width, size_t channel_step, size_t row_step,
    size_t pixel_step, size_t top, size_t left, size_t framed_width, size_t first, size_t last, uint8_t fill, uint8_t *framed);

// Elements (codes.c)

// The least and the greatest of the values and 0; NaNs count for nothing.
void decant_span_f32(const float *values, size_t count, float *low, float *high);

// Codes as DynamicQuantizeLinear has them: round_half_even(v / scale) + zero point, saturated to u8.
void decant_code_u8(const float *values, size_t count, float scale, float zero, uint8_t *codes);

// target[j * rows + i] = source[i * columns + j].
void decant_transpose_u8(const uint8_t *source, size_t rows, size_t columns, uint8_t *target);

// How a code is made of the codes of two operands.
typedef struct {
  float left, right;  // factors; for products the zero points
  float fixed;        // what is added; for products the factor
  float zero;         // for products, added last
} decant_pairing;

// nearest((fixed + left * a) + right * b), halves to even, saturated. With one of b when `is_one` is set.
void decant_add_codes_u8(const uint8_t *a, const uint8_t *b, size_t count, int is_one, decant_pairing how, uint8_t *sums);
void decant_add_codes_i8(const int8_t *a, const int8_t *b, size_t count, int is_one, decant_pairing how, int8_t *sums);

// nearest((a - left) * (b - right) * fixed + zero).
void decant_multiply_codes_u8(
    const uint8_t *a, const uint8_t *b, size_t count, int is_one, decant_pairing how, uint8_t *products);
void decant_multiply_codes_i8(
    const int8_t *a, const int8_t *b, size_t count, int is_one, decant_pairing how, int8_t *products);

// table[code] for each code, read without a sign.
void decant_map_codes(const uint8_t *codes, size_t count, const uint8_t *table, uint8_t *mapped);

// Widens sums[c] by what channel c holds in `count` places of `channels` codes.
void decant_sum_places_u8(const uint8_t *codes, size_t count, size_t channels, int32_t *sums);
void decant_sum_places_i8(const int8_t *codes, size_t count, size_t channels, int32_t *sums);

// greatest[c] = max(greatest[c], codes[c]).
void decant_greatest_u8(const uint8_t *codes, size_t count, uint8_t *greatest);
void decant_greatest_i8(const int8_t *codes, size_t count, int8_t *greatest);

// round_half_even(float(sums[i] + bias[c]) * factors[c]) + zero, saturated, for `rows` rows of `channels`; bias may be NULL.
void decant_requantize_u8(
    const int32_t *sums, size_t rows, size_t channels, const int32_t *bias, const float *factors, float zero, uint8_t *codes);
void decant_requantize_i8(
    const int32_t *sums, size_t rows, size_t channels, const int32_t *bias, const float *factors, float zero, int8_t *codes);
// values = (code - zeros[c]) * scales[c], for `rows` rows of `channels`.
void decant_dequantize_channels_u8(
    const uint8_t *codes, size_t rows, size_t channels, const float *scales, const int32_t *zeros, float *values);
void decant_dequantize_channels_i8(
    const int8_t *codes, size_t rows, size_t channels, const float *scales, const int32_t *zeros, float *values);

// sums[c] += (codes[c] - zero) * scale.
void decant_add_numbers_u8(const uint8_t *codes, size_t channels, int32_t zero, float scale, float *sums);
void decant_add_numbers_i8(const int8_t *codes, size_t channels, int32_t zero, float scale, float *sums);

// round_half_even(sums[c] / count / scale + zero), saturated.
void decant_code_means_u8(const float *sums, size_t channels, float count, float scale, float zero, uint8_t *codes);
void decant_code_means_i8(const float *sums, size_t channels, float count, float scale, float zero, int8_t *codes);

// The codes of powers[code] / (the sum of powers over the row), where powers are those of the row's greatest code:
// powers[256 * greatest + code]. Codes, with a sign when `flip` is 0x80, count from zero on there.
void decant_softmax_codes(
    const uint8_t *codes, size_t rows, size_t width, uint8_t flip, const float *powers, float scale, float zero, uint8_t *result);

// Weights of a few bits with a scale for each block (block_products.c)

// A packed matrix: value = code * scale - offset, a scale and an offset for each block of a column.
typedef struct {
  size_t depth, columns, block;  // a block is a multiple of 8
  int bits;                      // 4 or 8
  const uint8_t *packed;
  const float *scales, *offsets;  // as [panel of 16 columns][block][column of the panel]; the last panel is full
  const float *addends;           // added to each row of the result; may be NULL
} decant_blocks;

// How many bytes the packed codes take.
size_t decant_packed_blocks_size(size_t depth, size_t columns, size_t block, int bits);

// Packs codes that lie column after column, each in whole blocks, the first code in the low bits.
void decant_pack_blocks(const uint8_t *codes, size_t depth, size_t columns, size_t block, int bits, uint8_t *packed);

// Codes of i8 for each block of each row, which then has whole blocks; their scales, and the sums of what they stand for.
void decant_code_rows_i8(
    const float *values, size_t rows, size_t depth, size_t block, int8_t *codes, float *scales, float *sums);

// Rows of such codes by the matrix: sums over a block are exact, blocks are added in order.
void decant_multiply_blocks_i8(
    const decant_blocks *matrix, size_t rows, const int8_t *codes, const float *scales, const float *sums, float *result,
    int threads);

// Rows of floats by the matrix. `scratch` has room for threads * 16 floats for each row of the matrix in whole blocks.
void decant_multiply_blocks_f32(
    const decant_blocks *matrix, size_t rows, const float *values, float *result, int threads, float *scratch);

// Rows of codes with a scale for each block (block_rows.c)

// A matrix whose rows fill whole bytes, the first code in the low bits, as do the blocks that a row is cut into.
typedef struct {
  size_t rows, columns, block;
  int bits;      // 4 or 8
  uint8_t flip;  // makes codes with a sign codes from zero on
  const uint8_t *codes;
  const float *scales;   // row after row, one for each block
  const uint8_t *zeros;  // the same, from zero on; NULL where `middle` is that of all
  uint8_t middle;
} decant_table;

// (code - zero) * scale for the rows at `count` indices, 64 bits wide or 32, those below zero from the end. Returns how many
// were found: the first index that no row has ends it.
size_t decant_look_up_rows(
    const decant_table *table, const void *indices, int are_wide, size_t count, float *target);
#endif
