#include "CEngine.h"
#include "lanes.h"
#include <math.h>

typedef struct {
  float mean, inverse;
  // What the mean lacks of the true one: elements lie far from 0, or close to each other.
  float rest;
} moments;

// The sums of the distances to `mean` and of their squares.
INLINED double squares(const float *x, size_t count, float mean, double *distances) {
  double sum = 0, first = 0;
  for (size_t start = 0; start < count; start += STRETCH) {
    size_t end = count - start < STRETCH ? count : start + STRETCH, i = start;
    lanes a = 0, b = 0, d = 0;
    for (; i + 2 * LANES <= end; i += 2 * LANES) {
      lanes u = load(x + i) - mean, v = load(x + i + LANES) - mean;
      d += u + v;
      a = multiply_add(u, u, a);
      b = multiply_add(v, v, b);
    }
    for (; i + LANES <= end; i += LANES) {
      lanes u = load(x + i) - mean;
      d += u;
      a = multiply_add(u, u, a);
    }
    if (i < end) {
      lanes u = load_some(x + i, end - i, mean) - mean;
      d += u;
      b = multiply_add(u, u, b);
    }
    sum += (double)sum_of(a + b);
    first += (double)sum_of(d);
  }
  *distances = first;
  return sum;
}

INLINED moments moments_of(const float *x, size_t count, float epsilon, int is_centered) {
  moments m = {0, 0, 0};
  double distances = 0, n = (double)count;
  if (is_centered) m.mean = (float)(total_of(x, count) / n);
  double variance = squares(x, count, m.mean, &distances) / n;
  if (is_centered) {
    double rest = distances / n;
    m.rest = (float)rest;
    variance -= rest * rest;
    variance = variance < 0 ? 0 : variance;
  }
  m.inverse = (float)(1 / sqrt(variance + (double)epsilon));
  return m;
}

INLINED lanes finished(lanes x, moments m, lanes scale, lanes shift) {
  return multiply_add((x - m.mean - m.rest) * m.inverse, scale, shift);
}

INLINED void finish_row(const decant_normalization *how, const float *x, moments m, float *y) {
  const float *scale = how->scale, *shift = how->shift;
  size_t i = 0, width = how->width;
  for (; i + LANES <= width; i += LANES)
    store(y + i, finished(load(x + i), m, load(scale + i), shift ? load(shift + i) : 0));
  if (i == width) return;
  size_t rest = width - i;
  lanes v = finished(load_some(x + i, rest, 0), m, load_some(scale + i, rest, 0), shift ? load_some(shift + i, rest, 0) : 0);
  store_some(y + i, v, rest);
}

INLINED void normalize_row(
    const decant_normalization *how, const float *x, size_t row, float *means, float *inverses, float *y) {
  moments m = moments_of(x, how->width, how->epsilon, how->is_centered);
  finish_row(how, x, m, y);
  if (means) means[row] = m.mean + m.rest;
  if (inverses) inverses[row] = m.inverse;
}

WIDE DISPATCHED void decant_normalize_rows_f32(
    const decant_normalization *how, const float *x, size_t rows, float *means, float *inverses, float *y) {
  for (size_t row = 0; row < rows; row++)
    normalize_row(how, x + row * how->width, row, means, inverses, y + row * how->width);
}

WIDE DISPATCHED void decant_normalize_sums_f32(
    const decant_normalization *how, const float *x, const float *skip, size_t skip_rows, const float *bias, size_t row,
    size_t rows, float *sums, float *means, float *inverses, float *y) {
  size_t width = how->width;
  for (size_t r = 0; r < rows; r++) {
    const float *a = x + r * width, *b = skip + (row + r) % skip_rows * width;
    // The sums of a row stay in the cache until they are read again.
    float *s = (sums ? sums : y) + r * width;
    size_t i = 0;
    for (; i + LANES <= width; i += LANES) {
      lanes v = load(a + i) + load(b + i);
      store(s + i, bias ? v + load(bias + i) : v);
    }
    for (; i < width; i++) s[i] = bias ? a[i] + b[i] + bias[i] : a[i] + b[i];
    normalize_row(how, s, r, means, inverses, y + r * width);
  }
}

WIDE DISPATCHED void decant_normalize_group_f32(
    const float *x, size_t channels, size_t plane, float epsilon, const float *scale, const float *shift, float *y) {
  moments m = moments_of(x, channels * plane, epsilon, 1);
  for (size_t channel = 0; channel < channels; channel++) {
    const float *from = x + channel * plane;
    float *to = y + channel * plane;
    lanes factor = scale[channel], offset = shift[channel];
    size_t i = 0;
    for (; i + LANES <= plane; i += LANES) store(to + i, finished(load(from + i), m, factor, offset));
    if (i < plane) store_some(to + i, finished(load_some(from + i, plane - i, 0), m, factor, offset), plane - i);
  }
}
