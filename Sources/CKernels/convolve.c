#include "CConvolution.h"
#include "lanes.h"
#include "transpose.h"

// A tile of up to ROWS windows by PANEL blocks of columns: its sums, a lane of weights for each block and one factor stay in
// registers.
enum { ROWS = 7, PANEL = 3 };

size_t decant_packed_weights_size(size_t depth, size_t columns) {
  return (columns + DECANT_BLOCK - 1) / DECANT_BLOCK * DECANT_BLOCK * depth;
}

// How many blocks the next panel has, when so many are left: weights of a panel lie together, place by place. Four are better as two
// and two than as three and one.
INLINED size_t panel_width(size_t left) { return left == 3 || left > 4 ? 3 : left >= 2 ? 2 : 1; }

DISPATCHED void decant_pack_filters(
    const float *filters, size_t segments, size_t depth, size_t columns, size_t stride, size_t first, size_t last,
    float *packed) {
  size_t count = segments * depth, blocks = (columns + DECANT_BLOCK - 1) / DECANT_BLOCK;
  for (size_t panel = first, width; panel < last; panel += width) {
    width = panel_width(blocks - panel);
    for (size_t block = panel; block < panel + width; block++) {
      size_t start = block * DECANT_BLOCK, some = columns - start < DECANT_BLOCK ? columns - start : DECANT_BLOCK, i = 0;
      const float *lines = filters + start * stride;
      float *to = packed + panel * count * DECANT_BLOCK + (block - panel) * DECANT_BLOCK;
      // Element `i` of a line is in segment `i % segments`.
      for (; i + SIDE <= count && some == DECANT_BLOCK; i += SIDE) {
        uint32_t turned[SIDE * DECANT_BLOCK];
        for (size_t half = 0; half < DECANT_BLOCK; half += SIDE)
          transpose_block((const uint32_t *)lines + half * stride + i, stride, turned + half, DECANT_BLOCK);
        for (size_t k = 0; k < SIDE; k++) {
          size_t place = (i + k) % segments * depth + (i + k) / segments;
          memcpy(to + place * width * DECANT_BLOCK, turned + k * DECANT_BLOCK, DECANT_BLOCK * sizeof *to);
        }
      }
      for (; i < count; i++) {
        float *lane = to + (i % segments * depth + i / segments) * width * DECANT_BLOCK;
        for (size_t j = 0; j < DECANT_BLOCK; j++) lane[j] = j < some ? lines[j * stride + i] : 0;
      }
    }
  }
}

void decant_pack_matrix(
    const float *matrix, size_t depth, size_t columns, size_t stride, size_t first, size_t last, float *packed) {
  size_t blocks = (columns + DECANT_BLOCK - 1) / DECANT_BLOCK;
  for (size_t panel = first, width; panel < last; panel += width) {
    width = panel_width(blocks - panel);
    size_t start = panel * DECANT_BLOCK, all = width * DECANT_BLOCK, some = columns - start < all ? columns - start : all;
    float *to = packed + start * depth;
    for (size_t p = 0; p < depth; p++, to += all) {
      memcpy(to, matrix + p * stride + start, some * sizeof *to);
      for (size_t j = some; j < all; j++) to[j] = 0;
    }
  }
}

// One product of rows that are given in segments, each `depth` floats long, and what one pass over the rows takes of it.
typedef struct {
  size_t depth, columns;
  const decant_ending *ending;
  // The segments `segment`..<`segment_end`, and of each the elements `start`..<`stop`.
  size_t segment, segment_end, start, stop;
  int is_first, is_last;  // whether sums begin with this pass, and end
  // Weights that the next pass reads are called into the second-level cache, evenly, so many floats for each place of a strip.
  const float *ahead;
  size_t pace;
} pass;

// `rows` windows from `window` on, by `width` blocks of columns from `block` on, whose weights are at `weights`. Segment `s` of row
// `y` is at `places[s * ROWS + y]`.
INLINED const float *tile(
    const pass *p, size_t rows, size_t width, size_t block, size_t window, const float *const *places, const float *weights,
    const float *ahead) {
  const decant_ending *e = p->ending;
  size_t column = block * DECANT_BLOCK, left = p->columns - column;
  size_t last = left < width * LANES ? left - (width - 1) * LANES : LANES;
  lanes sums[ROWS][PANEL];
#pragma clang loop unroll(full)
  for (size_t x = 0; x < width; x++) {
    size_t some = x + 1 < width ? LANES : last;
    lanes bias = e->bias ? load_up_to(e->bias + column + x * LANES, some) : 0;
#pragma clang loop unroll(full)
    for (size_t y = 0; y < rows; y++)
      sums[y][x] = p->is_first ? bias : load_up_to(e->results + (window + y) * e->stride + column + x * LANES, some);
  }
  for (size_t s = p->segment; s < p->segment_end; s++) {
    const float *from[ROWS];
#pragma clang loop unroll(full)
    for (size_t y = 0; y < rows; y++) from[y] = places[s * ROWS + y];
    for (size_t i = p->start; i < p->stop; i++, weights += width * LANES) {
      // A few windows do not take as long as their weights do on their way.
#pragma clang loop unroll(full)
      for (size_t x = 0; x < (rows == ROWS ? 1 : width); x++) __builtin_prefetch(ahead + x * LANES, 0, 2);
      ahead += p->pace;
      lanes w[PANEL];
#pragma clang loop unroll(full)
      for (size_t x = 0; x < width; x++) w[x] = load(weights + x * LANES);
#pragma clang loop unroll(full)
      for (size_t y = 0; y < rows; y++) {
        lanes factor = from[y][i];
#pragma clang loop unroll(full)
        for (size_t x = 0; x < width; x++) sums[y][x] = multiply_add(factor, w[x], sums[y][x]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (size_t y = 0; y < rows; y++) {
    size_t place = (window + y) * e->stride + column;
#pragma clang loop unroll(full)
    for (size_t x = 0; x < width; x++, place += LANES) {
      size_t some = x + 1 < width ? LANES : last;
      lanes v = sums[y][x];
      if (p->is_last) {
        if (e->addends) v += load_up_to(e->addends + place, some);
        v = within(v, e->low, e->high);
      }
      store_up_to(e->results + place, v, some);
    }
  }
  return ahead;
}

// All panels of the blocks `first`..<`last` of columns for `rows` windows, which is a constant where it is called.
INLINED void strip(
    pass *p, size_t rows, size_t first, size_t last, size_t window, const float *const *places, const float *weights) {
  size_t count = (p->segment_end - p->segment) * (p->stop - p->start) * DECANT_BLOCK;
  const float *ahead = p->ahead;
  for (size_t block = first; block < last;) {
    size_t width = panel_width(last - block);
    if (width == 3) ahead = tile(p, rows, 3, block, window, places, weights, ahead);
    else if (width == 2) ahead = tile(p, rows, 2, block, window, places, weights, ahead);
    else ahead = tile(p, rows, 1, block, window, places, weights, ahead);
    weights += width * count;
    block += width;
  }
  p->ahead = ahead;
}

// One function for each height of a strip, so that the compiler has the registers of one at a time.
typedef void Strip(pass *p, size_t first, size_t last, size_t window, const float *const *places, const float *weights);

#define STRIP(rows)                                                                                                 \
  Strip decant_strip_##rows;                                                                                        \
  WIDE DISPATCHED void decant_strip_##rows(                                                                         \
      pass *p, size_t first, size_t last, size_t window, const float *const *places, const float *weights) {        \
    strip(p, rows, first, last, window, places, weights);                                                           \
  }
STRIP(1) STRIP(2) STRIP(3) STRIP(4) STRIP(5) STRIP(6) STRIP(7)
#undef STRIP

static Strip *const strips[ROWS + 1] = {
    NULL, decant_strip_1, decant_strip_2, decant_strip_3, decant_strip_4, decant_strip_5, decant_strip_6, decant_strip_7,
};

// What the rows of a product are: windows over images, or rows that lie evenly.
typedef struct {
  const decant_windows *windows;  // NULL for even rows
  const float *data, *zeros;
  size_t stride;
} origin;

size_t decant_window_places(const decant_windows *w) { return w->window_height * w->window_width * ROWS; }

// A window, and where it is.
typedef struct {
  size_t window, out_x, out_y;
  const float *image;
} cursor;

INLINED cursor cursor_at(const origin *o, size_t window) {
  const decant_windows *w = o->windows;
  if (!w) return (cursor){.window = window};
  size_t row = window / w->out_width;
  return (cursor){window, window % w->out_width, row % w->out_height, o->data + row / w->out_height * w->image};
}

INLINED void advance(const decant_windows *w, cursor *at) {
  at->window++;
  if (++at->out_x < w->out_width) return;
  at->out_x = 0;
  if (++at->out_y < w->out_height) return;
  at->out_y = 0;
  at->image += w->image;
}

// Where the segments of a window lie that the pass reads, for row `y` of a tile.
INLINED void find(const origin *o, const pass *p, const cursor *at, const float **places, size_t y) {
  const decant_windows *w = o->windows;
  // These wrap around where they lie above or left of the image.
  size_t corner_y = at->out_y * w->step_y - w->top, corner_x = at->out_x * w->step_x - w->left;
  size_t i = p->segment / w->window_width, j = p->segment % w->window_width;
  for (size_t s = p->segment; s < p->segment_end; s++) {
    size_t from_y = corner_y + i * w->gap_y, from_x = corner_x + j * w->gap_x;
    int inside = from_y < w->height && from_x < w->width;
    places[s * ROWS + y] = inside ? at->image + from_y * w->row + from_x * w->pixel : o->zeros;
    if (++j == w->window_width) {
      j = 0;
      i++;
    }
  }
}

// One pass: the windows `first`..<`last` by the blocks `block`..<`block_end`. The last two strips are about as high as each other.
static void run_pass(
    pass *p, const origin *o, size_t first, size_t last, size_t block, size_t block_end, const float **places,
    const float *weights) {
  cursor at = cursor_at(o, first);
  while (at.window < last) {
    size_t window = at.window, left = last - window;
    size_t rows = left >= 2 * ROWS || left == ROWS ? ROWS : left > ROWS ? (left + 1) / 2 : left;
    if (o->windows)
      for (size_t y = 0; y < rows; y++, advance(o->windows, &at)) find(o, p, &at, places, y);
    else
      for (size_t y = 0; y < rows; y++, at.window++) places[y] = o->data + at.window * o->stride;
    strips[rows](p, block, block_end, window, places, weights);
  }
}

// So many bytes of weights one pass over the windows reads at most: they stay in the second-level cache, and so do those of the next.
enum { RESIDENT = 96 << 10 };

INLINED size_t least(size_t a, size_t b) { return a < b ? a : b; }

// The size of the parts of `count` that are at most `most`, when they are about as large as each other.
INLINED size_t evenly(size_t count, size_t most) {
  size_t parts = (count + most - 1) / most;
  return (count + parts - 1) / parts;
}

// All passes: over several panels at once where they are small, else over parts of one panel after another.
static void run(
    const origin *o, size_t segments, size_t depth, const float *packed, size_t columns, const decant_ending *ending, size_t first,
    size_t last, const float **places) {
  size_t blocks = (columns + DECANT_BLOCK - 1) / DECANT_BLOCK, line = DECANT_BLOCK * sizeof(float);
  pass p = {.depth = depth, .columns = columns, .ending = ending};
  size_t tiles = (last - first + ROWS - 1) / ROWS;
  if (!segments || !depth) return;
  size_t at_once = RESIDENT / (segments * depth * line) / PANEL * PANEL;
  for (size_t block = 0, block_end; block < blocks; block = block_end) {
    block_end = at_once ? least(blocks, block + at_once) : block + panel_width(blocks - block);
    // A single block would be left of a panel of two.
    if (blocks - block_end == 1) block_end = blocks;
    const float *weights = packed + block * segments * depth * DECANT_BLOCK;
    size_t width = block_end - block, lines = RESIDENT / (least(width, PANEL) * line);
    size_t some_segments = at_once ? segments : lines < depth ? 1 : evenly(segments, lines / depth);
    size_t some = at_once || lines >= depth ? depth : evenly(depth, lines);
    for (p.segment = 0; p.segment < segments; p.segment = p.segment_end) {
      p.segment_end = least(segments, p.segment + some_segments);
      for (p.start = 0; p.start < depth; p.start = p.stop) {
        p.stop = least(depth, p.start + some);
        p.is_first = p.segment == 0 && p.start == 0;
        p.is_last = p.segment_end == segments && p.stop == depth;
        size_t count = width * (p.segment_end - p.segment) * (p.stop - p.start) * DECANT_BLOCK;
        p.ahead = weights + count;
        p.pace = p.is_last && block_end == blocks ? 0 : 1 + width * DECANT_BLOCK / (tiles * ((width + PANEL - 1) / PANEL));
        run_pass(&p, o, first, last, block, block_end, places, weights);
        weights += count;
      }
    }
  }
}

void decant_convolve_f32(
    const decant_windows *windows, const float *images, const float *packed, size_t columns, const decant_ending *ending,
    size_t first, size_t last, const float *zeros, const float **places) {
  origin o = {windows, images, zeros, 0};
  run(&o, windows->window_height * windows->window_width, windows->depth, packed, columns, ending, first, last, places);
}

void decant_multiply_f32(
    const float *x, size_t x_stride, size_t depth, const float *packed, size_t columns, const decant_ending *ending, size_t first,
    size_t last) {
  origin o = {NULL, x, NULL, x_stride};
  const float *places[ROWS];
  run(&o, 1, depth, packed, columns, ending, first, last, places);
}

void decant_frame_f32(
    const float *image, size_t channels, size_t height, size_t width, size_t channel_step, size_t row_step, size_t pixel_step,
    size_t top, size_t left, size_t framed_width, size_t first, size_t last, float *framed) {
  size_t shown = left >= framed_width ? 0 : framed_width - left;
  if (shown > width) shown = width;
  for (size_t row = first; row < last; row++) {
    float *to = framed + row * framed_width * channels;
    memset(to, 0, framed_width * channels * sizeof *to);
    if (row < top || row - top >= height) continue;
    const float *from = image + (row - top) * row_step;
    to += left * channels;
    if (channel_step == 1 && pixel_step == channels)
      memcpy(to, from, shown * channels * sizeof *to);
    else if (channels == 3)
      for (size_t x = 0; x < shown; x++)
        for (size_t c = 0; c < 3; c++) to[x * 3 + c] = from[c * channel_step + x * pixel_step];
    else
      for (size_t c = 0; c < channels; c++)
        for (size_t x = 0; x < shown; x++) to[x * channels + c] = from[c * channel_step + x * pixel_step];
  }
}
