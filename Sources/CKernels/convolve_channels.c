#include "lanes.h"
#include "neighbours.h"

// Windows and weights as the loops see them, and the pixels that some neighbouring windows read.
typedef struct {
  const decant_windows *windows;
  const float *weights;
  const decant_ending *ending;
  const void **places;
} work;

size_t decant_channel_places(const decant_windows *w) { return w->window_height * columns_of(w, NEIGHBOURS); }

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
    const void *const *places = k->places + i * columns;
    const float *weights = k->weights + i * width * channels + channel;
#pragma clang loop unroll_count(5)
    for (size_t j = 0; j < width; j++) {
      lanes factor = load_up_to(weights + j * channels, some);
#pragma clang loop unroll(full)
      for (size_t x = 0; x < count; x++) {
        lanes v = load_up_to((const float *)places[x * step + j * gap] + channel, some);
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
    find_neighbours(w, sizeof(float), image, out_y, x, NEIGHBOURS, zeros, k->places);
    sum_all(k, NEIGHBOURS, width, step, gap, row * w->out_width + x);
  }
  for (; x < w->out_width; x++) {
    find_neighbours(w, sizeof(float), image, out_y, x, 1, zeros, k->places);
    sum_all(k, 1, width, step, gap, row * w->out_width + x);
  }
}

WIDE DISPATCHED void decant_convolve_channels_f32(
    const decant_windows *windows, const float *images, const float *weights, const decant_ending *ending, size_t first,
    size_t last, const float *zeros, const void **places) {
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
