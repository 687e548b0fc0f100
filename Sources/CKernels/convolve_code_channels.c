#include "neighbours.h"
#include "outcome.h"

// Windows and weights as the loops see them, and the pixels that some neighbouring windows read.
typedef struct {
  const decant_windows *windows;
  int is_signed;
  const uint32_t *weights;
  const decant_outcome *outcome;
  int kind;
  const void **places;
  void *result;
} work;

// So many channels are summed at a time.
enum { LANE = 16 };

INLINED void plain_sum(const work *k, size_t window, size_t channel, size_t some) {
  const decant_windows *w = k->windows;
  int32_t sums[LANE] = {0};
  size_t columns = columns_of(w, 1);
  for (size_t i = 0; i < w->window_height; i++)
    for (size_t j = 0; j < w->window_width; j++) {
      const uint8_t *from = (const uint8_t *)k->places[i * columns + j * w->gap_x] + channel;
      const uint32_t *weights = k->weights + (i * w->window_width + j) * w->depth + channel;
      for (size_t c = 0; c < some; c++)
        sums[c] += (k->is_signed ? (int8_t)from[c] : (int32_t)from[c]) * (int16_t)(uint16_t)weights[c];
    }
  plain_outcome(k->outcome, k->kind, sums, channel, some, window * w->depth + channel, k->result);
}

DISPATCHED static void plain_row(
    const work *k, const void *image, size_t row, size_t out_y, const void *outside) {
  const decant_windows *w = k->windows;
  for (size_t x = 0; x < w->out_width; x++) {
    find_neighbours(w, 1, image, out_y, x, 1, outside, k->places);
    for (size_t c = 0; c < w->depth; c += LANE)
      plain_sum(k, row * w->out_width + x, c, w->depth - c < LANE ? w->depth - c : LANE);
  }
}

#if DECANT_DOT_PRODUCTS
INLINED_DOTS __m512i widened(const void *pixel, size_t channel, int is_signed, __mmask16 mask) {
  __m128i codes = _mm_maskz_loadu_epi8(mask, (const uint8_t *)pixel + channel);
  return is_signed ? _mm512_cvtepi8_epi32(codes) : _mm512_cvtepu8_epi32(codes);
}

// The results of `count` neighbouring windows, of which the first is `window`, for the channels from `channel` on that the mask has.
// The width, step and gap of the windows are constants where it is called, when they are usual.
INLINED_DOTS void sum(
    const work *k, size_t count, size_t width, size_t step, size_t gap, int is_signed, size_t window, size_t channel,
    __mmask16 mask) {
  size_t columns = (count - 1) * step + (width - 1) * gap + 1, channels = k->windows->depth;
  __m512i sums[NEIGHBOURS], start = outcome_start(k->outcome, channel, mask);
#pragma clang loop unroll(full)
  for (size_t x = 0; x < count; x++) sums[x] = start;
  for (size_t i = 0; i < k->windows->window_height; i++) {
    const void *const *places = k->places + i * columns;
    const uint32_t *weights = k->weights + i * width * channels + channel;
#pragma clang loop unroll_count(5)
    for (size_t j = 0; j < width; j++) {
      __m512i factor = _mm512_maskz_loadu_epi32(mask, weights + j * channels);
#pragma clang loop unroll(full)
      for (size_t x = 0; x < count; x++)
        sums[x] = _mm512_dpwssd_epi32(sums[x], widened(places[x * step + j * gap], channel, is_signed, mask), factor);
    }
  }
  outcome_lanes lanes = lanes_of(k->outcome, k->kind, channel, mask);
  int kind = k->kind;
  void *result = k->result;
#pragma clang loop unroll(full)
  for (size_t x = 0; x < count; x++) wide_outcome(lanes, kind, sums[x], mask, (window + x) * channels + channel, result);
}

INLINED_DOTS void sum_all(
    const work *k, size_t count, size_t width, size_t step, size_t gap, int is_signed, size_t window) {
  size_t channels = k->windows->depth, c = 0;
  for (; c + LANE <= channels; c += LANE) sum(k, count, width, step, gap, is_signed, window, c, 0xffff);
  if (c < channels) sum(k, count, width, step, gap, is_signed, window, c, (__mmask16)((1u << (channels - c)) - 1));
}

INLINED_DOTS void wide_row(
    const work *k, const void *image, size_t width, size_t step, size_t gap, int is_signed, size_t row, size_t out_y,
    const void *outside) {
  const decant_windows *w = k->windows;
  size_t x = 0;
  for (; x + NEIGHBOURS <= w->out_width; x += NEIGHBOURS) {
    find_neighbours(w, 1, image, out_y, x, NEIGHBOURS, outside, k->places);
    sum_all(k, NEIGHBOURS, width, step, gap, is_signed, row * w->out_width + x);
  }
  for (; x < w->out_width; x++) {
    find_neighbours(w, 1, image, out_y, x, 1, outside, k->places);
    sum_all(k, 1, width, step, gap, is_signed, row * w->out_width + x);
  }
}

DOTS static void any_row(const work *k, const void *image, size_t row, size_t out_y, const void *outside) {
  size_t width = k->windows->window_width, step = k->windows->step_x, gap = k->windows->gap_x;
  if (k->is_signed) wide_row(k, image, width, step, gap, 1, row, out_y, outside);
  else if (width == 3 && step == 1 && gap == 1) wide_row(k, image, 3, 1, 1, 0, row, out_y, outside);
  else if (width == 3 && step == 2 && gap == 1) wide_row(k, image, 3, 2, 1, 0, row, out_y, outside);
  else if (width == 5 && step == 1 && gap == 1) wide_row(k, image, 5, 1, 1, 0, row, out_y, outside);
  else if (width == 5 && step == 2 && gap == 1) wide_row(k, image, 5, 2, 1, 0, row, out_y, outside);
  else wide_row(k, image, width, step, gap, 0, row, out_y, outside);
}
#else
#define any_row plain_row
#endif

void decant_convolve_code_channels(
    const decant_windows *windows, const void *images, int is_signed, const uint32_t *weights, const decant_outcome *outcome,
    int kind, size_t first, size_t last, const void *outside, const void **places, void *result) {
  work k = {windows, is_signed, weights, outcome, kind, places, result};
  int is_wide = decant_has_dot_products();
  for (size_t row = first; row < last; row++) {
    const void *image = (const uint8_t *)images + row / windows->out_height * windows->image;
    (is_wide ? any_row : plain_row)(&k, image, row, row % windows->out_height, outside);
  }
}
