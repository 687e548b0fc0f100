// Loops of the engine's kernels in float32.
//
// Results are the same bits on every machine and do not depend on how the work is cut: each row is computed by itself. Where it is
// said that `y` may be `x`, they are equal or do not overlap.
#ifndef DECANT_CENGINE_H
#define DECANT_CENGINE_H
#include <stddef.h>
#include <stdint.h>

// Functions of one element (functions.c), to a few units in the last place

typedef enum {
  DECANT_ABSOLUTE,
  DECANT_AT_LEAST,      // max(x, parameter)
  DECANT_AT_MOST,       // min(x, parameter)
  DECANT_ERF,
  DECANT_EXP,
  DECANT_GELU,          // x / 2 (1 + erf(x / sqrt 2))
  DECANT_GELU_BY_TANH,  // x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
  DECANT_HARD_SWISH,    // x max(0, min(1, x / 6 + 1 / 2))
  DECANT_NEGATE,
  DECANT_RECIPROCAL,
  DECANT_RECTIFY,       // max(x, 0)
  DECANT_SIGMOID,
  DECANT_SIGN,
  DECANT_SQUARE,
  DECANT_SQUARE_ROOT,
  DECANT_SWISH,         // x sigmoid(parameter x)
  DECANT_TANH,
} decant_function;

// y = function(x + bias) for `rows` x `width` elements; a bias has one element for each column and may be NULL. `y` may be `x`.
void decant_map_f32(
    decant_function function, float parameter, const float *x, const float *bias, size_t rows, size_t width, float *y);

// Integers of 1 byte, or signed ones of 4 or 8, as the nearest floats.
void decant_integers_to_f32(const void *integers, size_t width, int are_signed, size_t count, float *y);

// Normalizations (normalize.c)

// How rows are normalized, each by its own moments.
typedef struct {
  size_t width;
  float epsilon;
  int is_centered;     // whether the mean is taken away: layer normalization; else the root of the mean square
  const float *scale;  // `width` elements
  const float *shift;  // `width` elements, or NULL
} decant_normalization;

// y = (x - mean) / sqrt(variance + epsilon) * scale + shift, row by row. `means` and `inverses`, one number for each row, may be
// NULL. `y` may be `x`.
void decant_normalize_rows_f32(
    const decant_normalization *how, const float *x, size_t rows, float *means, float *inverses, float *y);

// The same of x + skip + bias, where row `i` of `skip` is `i` modulo `skip_rows`, and a bias of `width` elements may be NULL. The
// sums are written to `sums` unless it is NULL.
void decant_normalize_sums_f32(
    const decant_normalization *how, const float *x, const float *skip, size_t skip_rows, const float *bias, size_t row,
    size_t rows, float *sums, float *means, float *inverses, float *y);

// y = (x - mean) / sqrt(variance + epsilon) * scale[channel] + shift[channel] for one group of `channels` planes of `plane`
// elements. `y` may be `x`.
void decant_normalize_group_f32(
    const float *x, size_t channels, size_t plane, float epsilon, const float *scale, const float *shift, float *y);

// Softmax (softmax.c)

// y = e^(x - max) / sum of e^(x - max), row by row. `y` may be `x`.
void decant_softmax_f32(const float *x, size_t rows, size_t width, float *y);

// Attention (attention.c)

// One head: y = softmax(factor q kT + mask) v. Rows lie `..._row` elements apart and are contiguous but for those of `k`, whose
// elements are `k_step` apart. A query of which every key is hidden by -infinity gives zeros.
typedef struct {
  size_t queries, keys, size, value_size;
  const float *q, *k, *v;
  size_t q_row, k_row, k_step, v_row;
  const float *mask;  // is added to the scores; NULL without
  size_t mask_row;    // 0 where all queries share one row
  float factor;
  int is_causal;      // whether query i sees only the keys up to i + past
  size_t past;
  float *y;
  size_t y_row;
} decant_attention;

// `scratch` has room for `decant_attention_scratch` elements.
void decant_attention_f32(const decant_attention *head, float *scratch);
size_t decant_attention_scratch(size_t keys, size_t size, size_t value_size);

// Arithmetic with broadcasting (arithmetic.c)

// At most so many axes, adjacent ones that lie alike taken together.
enum { DECANT_AXES = 8 };

typedef enum {
  DECANT_ADD,
  DECANT_SUBTRACT,
  DECANT_MULTIPLY,
  DECANT_DIVIDE,
  DECANT_MAXIMUM,  // NaN where one is
  DECANT_MINIMUM,
} decant_arithmetic;

// y = a op b over `rank` axes of `extents`, all above 0, outermost first; element strides of `a` and `b` are 0 where repeated. `y`
// is dense, and may be an operand that is dense too.
void decant_arithmetic_f32(
    decant_arithmetic op, size_t rank, const size_t *extents, const float *a, const size_t *a_strides, const float *b,
    const size_t *b_strides, float *y);

typedef enum {
  DECANT_AND,  // of bools
  DECANT_DIFFER,
  DECANT_EQUAL,
  DECANT_GREATER,
  DECANT_GREATER_OR_EQUAL,
  DECANT_LESS,
  DECANT_LESS_OR_EQUAL,
  DECANT_OR,  // of bools
} decant_comparison;

typedef enum { DECANT_BOOL, DECANT_FLOAT32, DECANT_INT32, DECANT_INT64 } decant_element;

// y = 1 where a and b compare so, else 0; as arithmetic broadcasts. Bools are bytes of 0 and 1.
void decant_compare(
    decant_comparison comparison, decant_element element, size_t rank, const size_t *extents, const void *a,
    const size_t *a_strides, const void *b, const size_t *b_strides, uint8_t *y);

// y = condition is not 0 ? a : b, for elements of 4 bytes.
void decant_select_4(
    size_t rank, const size_t *extents, const uint8_t *condition, const size_t *condition_strides, const void *a,
    const size_t *a_strides, const void *b, const size_t *b_strides, void *y);

// y[i] is the sum of row i of `x`, divided by `divisor`.
void decant_sum_rows_f32(const float *x, size_t rows, size_t width, float divisor, float *y);

// y[o][i] is the sum over `length` of x[o][l][i], divided by `divisor`.
void decant_sum_columns_f32(const float *x, size_t outer, size_t length, size_t inner, float divisor, float *y);

// Recurrent layers (recurrent.c)

// y += x w for `rows` rows of `inner` elements; `w` has `inner` rows of `columns` elements. Sums run in order.
void decant_add_product_f32(const float *x, size_t rows, size_t inner, const float *w, size_t columns, float *y);

// One step of an LSTM of `hidden` units: `gates` are the sums for the input, output, forget and cell gate, one after another.
void decant_lstm_cell_f32(const float *gates, size_t hidden, float *cell, float *state);

// One step of a GRU that multiplies before it resets: what the inputs and what the state give for the update, reset and hidden gate.
void decant_gru_cell_f32(const float *inputs, const float *states, size_t hidden, float *state);

// Movement (movement.c)

// Copies elements of `width` bytes, 1, 2, 4 or 8, from places `strides` elements apart, over `rank` axes of `extents`, all above 0, to a
// dense target. A stride may be 0 or negative.
void decant_copy_strided(
    size_t width, size_t rank, const size_t *extents, const ptrdiff_t *strides, const void *source, void *target);

// For each of `outer` tables of `rows` rows of `width` bytes, copies the rows that `indices` name, one after another. Indices count
// from the end where they are negative; `are_wide` tells those of 64 bits from those of 32. Returns how many indices are in
// range before the first that is not: `count` when all are.
size_t decant_gather_rows(
    const void *table, size_t outer, size_t rows, size_t width, const void *indices, int are_wide, size_t count,
    void *target);

// For each of `count` places of `depth` indices, copies the `width` bytes that lie there in a table of `extents`, the outermost first.
// Indices count from the end where they are negative. Returns how many places are in range before the first that is not.
size_t decant_gather_places(
    const void *table, size_t depth, const size_t *extents, size_t width, const int64_t *indices, size_t count,
    void *target);
#endif
