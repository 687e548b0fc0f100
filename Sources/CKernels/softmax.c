#include "CEngine.h"
#include "lanes.h"
#include <math.h>

// The larger of each two; a NaN stays out, as it is not larger.
INLINED lanes larger(lanes top, lanes v) { return choose(v > top, v, top); }

INLINED float largest(const float *x, size_t width) {
  lanes a = -INFINITY, b = a, c = a, d = a;
  size_t i = 0;
  for (; i + 4 * LANES <= width; i += 4 * LANES) {
    a = larger(a, load(x + i));
    b = larger(b, load(x + i + LANES));
    c = larger(c, load(x + i + 2 * LANES));
    d = larger(d, load(x + i + 3 * LANES));
  }
  for (; i + LANES <= width; i += LANES) a = larger(a, load(x + i));
  if (i < width) b = larger(b, load_some(x + i, width - i, -INFINITY));
  return largest_of(larger(larger(a, b), larger(c, d)));
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
