#include "CEngine.h"
#include "lanes.h"

enum { COLUMNS = 4 * LANES };

// y += x w for `count` columns, at most COLUMNS.
INLINED void add_row_product(
    const float *x, size_t inner, const float *w, size_t pitch, size_t count, float *y) {
  lanes sums[4];
  if (count == COLUMNS) {
    for (int i = 0; i < 4; i++) sums[i] = load(y + i * LANES);
    for (size_t k = 0; k < inner; k++)
      for (int i = 0; i < 4; i++) sums[i] = multiply_add(x[k], load(w + k * pitch + i * LANES), sums[i]);
    for (int i = 0; i < 4; i++) store(y + i * LANES, sums[i]);
    return;
  }
  for (size_t column = 0; column < count; column++)
    for (size_t k = 0; k < inner; k++) y[column] = __builtin_fmaf(x[k], w[k * pitch + column], y[column]);
}

WIDE DISPATCHED void decant_add_product_f32(
    const float *x, size_t rows, size_t inner, const float *w, size_t columns, float *y) {
  for (size_t start = 0; start < columns; start += COLUMNS) {
    size_t count = columns - start < COLUMNS ? columns - start : COLUMNS;
    for (size_t row = 0; row < rows; row++)
      add_row_product(x + row * inner, inner, w + start, columns, count, y + row * columns + start);
  }
}

// One vector of units of a cell; what lies past the end is zero.
INLINED void lstm_units(lanes input, lanes output, lanes forget, lanes candidate, lanes *cell, lanes *state) {
  *cell = multiply_add(sigmoid_of(forget), *cell, sigmoid_of(input) * tanh_of(candidate));
  *state = sigmoid_of(output) * tanh_of(*cell);
}

WIDE DISPATCHED void decant_lstm_cell_f32(const float *gates, size_t hidden, float *cell, float *state) {
  const float *input = gates, *output = gates + hidden, *forget = gates + 2 * hidden, *candidate = gates + 3 * hidden;
  size_t i = 0;
  lanes c, h;
  for (; i + LANES <= hidden; i += LANES) {
    c = load(cell + i);
    lstm_units(load(input + i), load(output + i), load(forget + i), load(candidate + i), &c, &h);
    store(cell + i, c);
    store(state + i, h);
  }
  if (i == hidden) return;
  size_t rest = hidden - i;
  c = load_some(cell + i, rest, 0);
  lstm_units(
      load_some(input + i, rest, 0), load_some(output + i, rest, 0), load_some(forget + i, rest, 0),
      load_some(candidate + i, rest, 0), &c, &h);
  store_some(cell + i, c, rest);
  store_some(state + i, h, rest);
}

WIDE DISPATCHED void decant_gru_cell_f32(
    const float *inputs, const float *states, size_t hidden, float *state) {
  for (size_t i = 0; i < hidden; i += LANES) {
    size_t count = hidden - i < LANES ? hidden - i : LANES;
    lanes terms[6];
    for (int gate = 0; gate < 3; gate++) {
      terms[gate] = load_some(inputs + gate * hidden + i, count, 0);
      terms[3 + gate] = load_some(states + gate * hidden + i, count, 0);
    }
    lanes update = sigmoid_of(terms[0] + terms[3]), reset = sigmoid_of(terms[1] + terms[4]);
    lanes candidate = tanh_of(multiply_add(reset, terms[5], terms[2]));
    lanes old = load_some(state + i, count, 0);
    store_some(state + i, multiply_add(update, old - candidate, candidate), count);
  }
}
