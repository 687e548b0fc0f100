#include "CEngine.h"
#include "lanes.h"
#include <math.h>

INLINED float largest(const float *x, size_t width) {
  lanes top = -INFINITY;
  size_t i = 0;
  for (; i + LANES <= width; i += LANES) {
    lanes v = load(x + i);
    // A NaN stays out, as it is not larger.
    top = choose(v > top, v, top);
  }
  if (i < width) {
    lanes v = load_some(x + i, width - i, -INFINITY);
    top = choose(v > top, v, top);
  }
  return largest_of(top);
}

WIDE DISPATCHED void decant_softmax_f32(const float *x, size_t rows, size_t width, float *y) {
  for (size_t row = 0; row < rows; row++) {
    const float *from = x + row * width;
    float *to = y + row * width;
    lanes top = largest(from, width), sums = 0;
    size_t i = 0;
    for (; i + LANES <= width; i += LANES) {
      lanes v = exp_below(load(from + i) - top);
      sums += v;
      store(to + i, v);
    }
    if (i < width) {
      lanes v = exp_below(load_some(from + i, width - i, -INFINITY) - top);
      sums += v;
      store_some(to + i, v, width - i);
    }
    lanes inverse = 1.0f / sum_of(sums);
    for (i = 0; i + LANES <= width; i += LANES) store(to + i, load(to + i) * inverse);
    if (i < width) store_some(to + i, load_some(to + i, width - i, 0) * inverse, width - i);
  }
}
