// Neighbouring windows of one row, which share most of their pixels.
#ifndef DECANT_NEIGHBOURS_H
#define DECANT_NEIGHBOURS_H
#include "CConvolution.h"
#include "dispatch.h"

// So many neighbouring windows of a row are summed together, a lane of channels after another.
enum { NEIGHBOURS = 7 };

// The number of different columns of pixels that `count` neighbouring windows of a row read.
INLINED size_t columns_of(const decant_windows *w, size_t count) {
  return (count - 1) * w->step_x + (w->window_width - 1) * w->gap_x + 1;
}

// Where the pixels lie that `count` windows from (out_y, out_x) on read: row `i` of them starts at `places[i * columns]`. Elements
// have `size` bytes; outside of the image lies `outside`.
INLINED void find_neighbours(
    const decant_windows *w, size_t size, const void *image, size_t out_y, size_t out_x, size_t count, const void *outside,
    const void **places) {
  size_t columns = columns_of(w, count), from_x = out_x * w->step_x - w->left, pixel = w->pixel * size;
  int inner = from_x < w->width && columns <= w->width - from_x;
  for (size_t i = 0; i < w->window_height; i++, places += columns) {
    size_t from_y = out_y * w->step_y + i * w->gap_y - w->top;  // wraps around where it lies above the image
    const char *row = (const char *)image + from_y * w->row * size;
    if (from_y >= w->height)
      for (size_t j = 0; j < columns; j++) places[j] = outside;
    else if (inner)
      for (size_t j = 0; j < columns; j++) places[j] = row + (from_x + j) * pixel;
    else
      for (size_t j = 0; j < columns; j++) places[j] = from_x + j < w->width ? row + (from_x + j) * pixel : outside;
  }
}
#endif
