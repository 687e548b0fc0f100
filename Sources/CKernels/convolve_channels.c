#include "CConvolution.h"
#include "lanes.h"

// So many neighbouring windows of a row are summed together, a lane of channels after another.
enum { NEIGHBOURS = 7 };

// Windows and weights as the loops see them, and the pixels that `count` neighbouring windows read: row `i` of them starts at
// `places[i * columns]`.
typedef struct {
  const decant_windows *windows;
  const float *weights;
  const decant_ending *ending;
  const float **places;
} work;

// The number of different columns of pixels that `count` neighbouring windows of a row read.
INLINED size_t columns_of(const decant_windows *w, size_t count) {
  return (count - 1) * w->step_x + (w->window_width - 1) * w->gap_x + 1;
}

size_t decant_channel_places(const decant_windows *w) { return w->window_height * columns_of(w, NEIGHBOURS); }

// Where the pixels lie that `count` windows from (out_y, out_x) on read.
INLINED void find(
    const decant_windows *w, const float *image, size_t out_y, size_t out_x, size_t count, const float *zeros,
    const float **places) {
  size_t columns = columns_of(w, count), from_x = out_x * w->step_x - w->left;
  int inner = from_x < w->width && columns <= w->width - from_x;
  for (size_t i = 0; i < w->window_height; i++, places += columns) {
    size_t from_y = out_y * w->step_y + i * w->gap_y - w->top;  // wraps around where it lies above the image
    const float *row = image + from_y * w->row;
    if (from_y >= w->height)
      for (size_t j = 0; j < columns; j++) places[j] = zeros;
    else if (inner)
      for (size_t j = 0; j < columns; j++) places[j] = row + (from_x + j) * w->pixel;
    else
      for (size_t j = 0; j < columns; j++) places[j] = from_x + j < w->width ? row + (from_x + j) * w->pixel : zeros;
  }
}

// The results of `count` neighbouring windows, of which the first is `window`, for the channels from `channel` on: LANES, or the
// last `some`. The width, step and gap of the windows are constants where it is called, when they are usual.
INLINED void sum(
    const work *k, size_t count, size_t width, size_t step, size_t gap, size_t window, size_t channel, size_t some) {
  const decant_windows *w = k->windows;
  const decant_ending *e = k->ending;
  size_t columns = (count - 1) * step + (width - 1) * gap + 1, channels = w->depth;
  lanes sums[NEIGHBOURS], start = 0;
  if (e->bias) start = load_up_to(e->bias + channel, some);
#pragma clang loop unroll(full)
  for (size_t x = 0; x < count; x++) sums[x] = start;
  for (size_t i = 0; i < w->window_height; i++) {
    const float *const *places = k->places + i * columns;
    const float *weights = k->weights + i * width * channels + channel;
#pragma clang loop unroll_count(5)
    for (size_t j = 0; j < width; j++) {
      lanes factor = load_up_to(weights + j * channels, some);
#pragma clang loop unroll(full)
      for (size_t x = 0; x < count; x++) {
        lanes v = load_up_to(places[x * step + j * gap] + channel, some);
        sums[x] = multiply_add(v, factor, sums[x]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (size_t x = 0; x < count; x++) {
    size_t place = (window + x) * e->stride + channel;
    lanes v = sums[x];
    if (e->addends) v += load_up_to(e->addends + place, some);
    store_up_to(e->results + place, within(v, e->low, e->high), some);
  }
}

INLINED void sum_all(const work *k, size_t count, size_t width, size_t step, size_t gap, size_t window) {
  size_t channels = k->windows->depth, c = 0;
  for (; c + LANES <= channels; c += LANES) sum(k, count, width, step, gap, window, c, LANES);
  if (c == channels) return;
  // The last lane reaches back over channels that are done already, unless there are none.
  if (channels > LANES) sum(k, count, width, step, gap, window, channels - LANES, LANES);
  else sum(k, count, width, step, gap, window, c, channels - c);
}

INLINED void sum_row(
    const work *k, const float *image, size_t width, size_t step, size_t gap, size_t row, size_t out_y, const float *zeros) {
  const decant_windows *w = k->windows;
  size_t x = 0;
  for (; x + NEIGHBOURS <= w->out_width; x += NEIGHBOURS) {
    find(w, image, out_y, x, NEIGHBOURS, zeros, k->places);
    sum_all(k, NEIGHBOURS, width, step, gap, row * w->out_width + x);
  }
  for (; x < w->out_width; x++) {
    find(w, image, out_y, x, 1, zeros, k->places);
    sum_all(k, 1, width, step, gap, row * w->out_width + x);
  }
}

WIDE DISPATCHED void decant_convolve_channels_f32(
    const decant_windows *windows, const float *images, const float *weights, const decant_ending *ending, size_t first,
    size_t last, const float *zeros, const float **places) {
  const decant_windows *w = windows;
  work k = {w, weights, ending, places};
  for (size_t row = first; row < last; row++) {
    const float *image = images + row / w->out_height * w->image;
    size_t y = row % w->out_height, width = w->window_width, step = w->step_x, gap = w->gap_x;
    if (width == 3 && step == 1 && gap == 1) sum_row(&k, image, 3, 1, 1, row, y, zeros);
    else if (width == 3 && step == 2 && gap == 1) sum_row(&k, image, 3, 2, 1, row, y, zeros);
    else if (width == 5 && step == 1 && gap == 1) sum_row(&k, image, 5, 1, 1, row, y, zeros);
    else if (width == 5 && step == 2 && gap == 1) sum_row(&k, image, 5, 2, 1, row, y, zeros);
    else sum_row(&k, image, width, step, gap, row, y, zeros);
  }
}
