// Convolutions of float32 images whose channels lie innermost, and matrix products as their simplest case.
//
// Each result is one sum, from its bias on, over its window's places row by row and their channels in order, by fused multiply-adds:
// the same bits on every machine, however the work is cut.
#ifndef DECANT_CCONVOLUTION_H
#define DECANT_CCONVOLUTION_H
#include <stddef.h>

// Where the windows of a convolution lie. Images have `image` floats, rows of pixels `row`, and pixels `pixel`; a window reads
// `depth` floats at each of its places. What lies outside of an image is zero.
typedef struct {
  size_t height, width, image, row, pixel;
  size_t window_height, window_width, depth;
  size_t step_y, step_x, gap_y, gap_x;  // strides and dilations
  size_t top, left;                     // padding
  size_t out_height, out_width;
} decant_windows;

// What becomes of a sum: `addends`, if any, are added and the result is brought into `low`...`high`; NaNs stay. Results and addends
// of one window are `stride` floats after those of the window before.
typedef struct {
  const float *bias;     // one for each result of a window, or NULL
  const float *addends;  // laid out as the results, or NULL
  float low, high;
  float *results;
  size_t stride;
} decant_ending;

// Weights are packed in blocks of so many columns: a column is what makes one result of a window. Blocks may be packed and used
// from any multiple of DECANT_BLOCKS on, up to another or the last; a single block is not left for the last part.
enum { DECANT_BLOCK = 16, DECANT_BLOCKS = 3 };

// The number of floats that `columns` packed columns take.
size_t decant_packed_weights_size(size_t depth, size_t columns);

// Packs the blocks `first`..<`last` of columns, each a line of `depth` times `segments` floats, `stride` after the one before: the
// filters of a convolution, whose places are the segments. Packed columns have segment after segment. Those that fill the last
// block are zero.
void decant_pack_filters(
    const float *filters, size_t segments, size_t depth, size_t columns, size_t stride, size_t first, size_t last, float *packed);

// The same for a matrix whose rows have an element of each column, and lie `stride` apart.
void decant_pack_matrix(
    const float *matrix, size_t depth, size_t columns, size_t stride, size_t first, size_t last, float *packed);

// Computes `columns` results from each of the windows `first`..<`last`, which are counted over all images. `zeros` has the depth of
// a window, and `places` room for decant_window_places(windows) pointers.
void decant_convolve_f32(
    const decant_windows *windows, const float *images, const float *packed, size_t columns, const decant_ending *ending,
    size_t first, size_t last, const float *zeros, const float **places);
size_t decant_window_places(const decant_windows *windows);

// y = x w for rows of `depth` floats that lie `x_stride` apart: the windows are the rows `first`..<`last`.
void decant_multiply_f32(
    const float *x, size_t x_stride, size_t depth, const float *packed, size_t columns, const decant_ending *ending, size_t first,
    size_t last);

// Each channel by itself: weights are `[window_height][window_width][channels]`, and `depth` is the number of channels. Computes the
// output rows `first`..<`last`, counted over all images.
void decant_convolve_channels_f32(
    const decant_windows *windows, const float *images, const float *weights, const decant_ending *ending, size_t first,
    size_t last, const float *zeros, const void **places);
size_t decant_channel_places(const decant_windows *windows);

// The largest element of each channel of each window, or the mean: the sum divided by `divisor`, or by the number of pixels within the
// image where that is 0. Every window has such pixels. Computes the output rows `first`..<`last`, counted over all images.
void decant_pool_f32(
    const decant_windows *windows, int is_mean, size_t divisor, const float *images, size_t first, size_t last, float *results);

// Writes rows `first`..<`last` of one image in a frame of zeros, channels innermost: a row has `framed_width` pixels. The image
// starts `top` rows below and `left` pixels right of the frame's corner, which may cut it off; elements of a channel, row and column
// lie so far apart as said.
void decant_frame_f32(
    const float *image, size_t channels, size_t height, size_t width, size_t channel_step, size_t row_step, size_t pixel_step,
    size_t top, size_t left, size_t framed_width, size_t first, size_t last, float *framed);
#endif
