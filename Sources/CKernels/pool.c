#include "CConvolution.h"
#include "lanes.h"

// The pixels of a window that lie within the image: rows and columns of it, each after the one before.
typedef struct {
  const float *corner;
  size_t rows, columns, row_step, column_step;
} inner;

// The first of `count` places that lies within `extent`, and how many do, for a window that starts at `start` and may wrap around.
INLINED size_t inside(size_t start, size_t gap, size_t count, size_t extent, size_t *shown) {
  size_t first = 0;
  while (first < count && start + first * gap >= extent) first++;
  size_t last = first;
  while (last < count && start + last * gap < extent) last++;
  *shown = last - first;
  return first;
}

INLINED lanes pooled(const inner *n, int is_mean, float divisor, size_t channel, size_t some) {
  lanes all = is_mean ? 0 : -__builtin_inff();
  for (size_t i = 0; i < n->rows; i++)
    for (size_t j = 0; j < n->columns; j++) {
      lanes v = load_up_to(n->corner + i * n->row_step + j * n->column_step + channel, some);
      all = is_mean ? all + v : at_least(all, v);
    }
  return is_mean ? all / divisor : all;
}

INLINED void pool(const inner *n, int is_mean, float divisor, size_t channels, float *to) {
  size_t c = 0;
  for (; c + LANES <= channels; c += LANES) store(to + c, pooled(n, is_mean, divisor, c, LANES));
  if (c == channels) return;
  // The last lane reaches back over channels that are done already, unless there are none.
  if (channels > LANES) store(to + channels - LANES, pooled(n, is_mean, divisor, channels - LANES, LANES));
  else store_some(to, pooled(n, is_mean, divisor, 0, channels), channels);
}

WIDE DISPATCHED void decant_pool_f32(
    const decant_windows *windows, int is_mean, size_t divisor, const float *images, size_t first, size_t last,
    float *results) {
  const decant_windows *w = windows;
  for (size_t row = first; row < last; row++) {
    const float *image = images + row / w->out_height * w->image;
    size_t from_y = row % w->out_height * w->step_y - w->top, rows;
    size_t y = inside(from_y, w->gap_y, w->window_height, w->height, &rows);
    for (size_t x = 0; x < w->out_width; x++) {
      size_t from_x = x * w->step_x - w->left, columns;
      size_t j = inside(from_x, w->gap_x, w->window_width, w->width, &columns);
      const float *corner = image + (from_y + y * w->gap_y) * w->row + (from_x + j * w->gap_x) * w->pixel;
      inner n = {corner, rows, columns, w->gap_y * w->row, w->gap_x * w->pixel};
      float *to = results + (row * w->out_width + x) * w->depth;
      float by = (float)(divisor ? divisor : rows * columns);
      if (is_mean) pool(&n, 1, by, w->depth, to);
      else pool(&n, 0, by, w->depth, to);
    }
  }
}
