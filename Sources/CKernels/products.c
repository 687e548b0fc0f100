#include "CIntegers.h"
#include "CThreads.h"
#include "outcome.h"
#include "transpose.h"
#include <string.h>

// Columns lie in blocks of BLOCK, four products of one column side by side, as the dot product instructions of AVX-512 read them.
// The sums of up to ROWS rows by BLOCKS blocks stay in registers. They are integers, so their order does not matter.
enum { BLOCK = 16, BLOCKS = 3, GROUP = 4, ROWS = 8, PART_ROWS = 6 * ROWS, PART_BLOCKS = 3 * BLOCKS };

INLINED size_t groups(size_t depth) { return (depth + GROUP - 1) / GROUP; }

INLINED size_t blocks(size_t columns) { return (columns + BLOCK - 1) / BLOCK; }

size_t decant_packed_columns_size(size_t depth, size_t columns) { return blocks(columns) * BLOCK * groups(depth) * GROUP; }

// The columns of a block that lie each by itself, its elements side by side: as words of GROUP codes they are turned.
INLINED void pack_lines(const int8_t *codes, size_t depth, size_t width, size_t stride, int8_t *block, int32_t *sums) {
  size_t whole = depth / GROUP, g = 0;
  for (; g + SIDE <= whole && width == BLOCK; g += SIDE)
    for (size_t x = 0; x < BLOCK; x += SIDE) {
      uint32_t words[SIDE * SIDE];
      for (size_t i = 0; i < SIDE; i++)
        memcpy(words + i * SIDE, codes + (x + i) * stride + g * GROUP, SIDE * sizeof *words);
      uint32_t turned[SIDE * SIDE];
      transpose_block(words, SIDE, turned, SIDE);
      for (size_t i = 0; i < SIDE; i++)
        memcpy(block + ((g + i) * BLOCK + x) * GROUP, turned + i * SIDE, SIDE * sizeof *turned);
    }
  for (; g < groups(depth); g++)
    for (size_t x = 0; x < BLOCK; x++)
      for (size_t i = 0; i < GROUP; i++) {
        size_t p = g * GROUP + i;
        block[(g * BLOCK + x) * GROUP + i] = x < width && p < depth ? codes[x * stride + p] : 0;
      }
  for (size_t x = 0; x < width; x++) {
    int32_t sum = 0;
    for (size_t p = 0; p < depth; p++) sum += codes[x * stride + p];
    sums[x] = sum;
  }
}

typedef int8_t sixteen __attribute__((ext_vector_type(BLOCK)));
typedef int32_t sixteen_sums __attribute__((ext_vector_type(BLOCK)));
typedef int16_t pairs __attribute__((ext_vector_type(BLOCK)));
typedef int16_t fours __attribute__((ext_vector_type(2 * BLOCK)));
#define ALTERNATING(a, b)                                                                                              \
  __builtin_shufflevector(                                                                                             \
      a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14,  \
      30, 15, 31)

// The columns of a block that lie side by side, each by step from one element to the next.
INLINED void pack_rows(const int8_t *codes, size_t depth, size_t width, size_t step, int8_t *block, int32_t *sums) {
  sixteen_sums all = 0;
  for (size_t p = 0; p < depth; p += GROUP, block += BLOCK * GROUP) {
    sixteen rows[GROUP];
    for (size_t i = 0; i < GROUP; i++) {
      rows[i] = 0;
      if (p + i < depth) memcpy(&rows[i], codes + (p + i) * step, width);
      all += __builtin_convertvector(rows[i], sixteen_sums);
    }
    pairs upper = (pairs)ALTERNATING(rows[0], rows[1]), lower = (pairs)ALTERNATING(rows[2], rows[3]);
    fours all_four = ALTERNATING(upper, lower);
    memcpy(block, &all_four, sizeof all_four);
  }
  memcpy(sums, &all, width * sizeof *sums);
}

// Any others.
INLINED void pack_apart(
    const int8_t *codes, size_t depth, size_t width, size_t step, size_t stride, int8_t *block, int32_t *sums) {
  memset(block, 0, groups(depth) * GROUP * BLOCK);
  for (size_t x = 0; x < width; x++) {
    sums[x] = 0;
    for (size_t p = 0; p < depth; p++) {
      int8_t code = codes[p * step + x * stride];
      block[(p / GROUP * BLOCK + x) * GROUP + p % GROUP] = code;
      sums[x] += code;
    }
  }
}

DISPATCHED void decant_pack_columns(
    const int8_t *codes, size_t depth, size_t columns, size_t step, size_t stride, int8_t *packed, int32_t *sums) {
  for (size_t first = 0; first < columns; first += BLOCK, packed += groups(depth) * GROUP * BLOCK) {
    size_t width = columns - first < BLOCK ? columns - first : BLOCK;
    const int8_t *from = codes + first * stride;
    if (step == 1) pack_lines(from, depth, width, stride, packed, sums + first);
    else if (stride == 1 && width == BLOCK) pack_rows(from, depth, BLOCK, step, packed, sums + first);
    else if (stride == 1) pack_rows(from, depth, width, step, packed, sums + first);
    else pack_apart(from, depth, width, step, stride, packed, sums + first);
  }
}

DISPATCHED void decant_turn_filter(
    const uint8_t *codes, size_t channels, size_t area, size_t depth, uint8_t *turned) {
  for (size_t p = 0; p < area; p++)
    for (size_t c = 0; c < channels; c++) turned[p * depth + c] = codes[c * area + p];
}

// What is common to all tiles of a product.
typedef struct {
  size_t columns;
  decant_outcome outcome;  // of rows without a sign
  int kind;
  // Rows lie in so many segments, each of so many groups.
  size_t segments, segment_groups;
} setting;

DISPATCHED static void plain_tile(
    const setting *s, const uint8_t *const *places, size_t height, const int8_t *block, size_t first, size_t width,
    size_t place, void *result) {
  for (size_t y = 0; y < height; y++) {
    int32_t sums[BLOCK] = {0};
    const int8_t *weights = block;
    for (size_t segment = 0; segment < s->segments; segment++) {
      const uint8_t *row = places[segment * ROWS + y];
      for (size_t g = 0; g < s->segment_groups; g++, weights += BLOCK * GROUP)
        for (size_t x = 0; x < BLOCK; x++)
          for (size_t i = 0; i < GROUP; i++) sums[x] += (int32_t)row[g * GROUP + i] * weights[x * GROUP + i];
    }
    plain_outcome(&s->outcome, s->kind, sums, first, width, place + y * s->columns, result);
  }
}

#if DECANT_DOT_PRODUCTS
// `height` rows by `width` blocks of columns from `first` on, which lie `size` apart.
INLINED_DOTS void wide_tile(
    const setting *s, const uint8_t *const *places, size_t height, size_t width, const int8_t *block, size_t size, size_t first,
    size_t place, void *result) {
  __m512i sums[ROWS][BLOCKS];
  size_t left = s->columns - first;
  __mmask16 last = left >= width * BLOCK ? 0xffff : (__mmask16)((1u << (left - (width - 1) * BLOCK)) - 1);
#pragma clang loop unroll(full)
  for (size_t x = 0; x < width; x++) {
    __m512i start = outcome_start(&s->outcome, first + x * BLOCK, x + 1 < width ? 0xffff : last);
#pragma clang loop unroll(full)
    for (size_t y = 0; y < height; y++) sums[y][x] = start;
  }
  for (size_t segment = 0; segment < s->segments; segment++) {
    const uint8_t *from[ROWS];
#pragma clang loop unroll(full)
    for (size_t y = 0; y < height; y++) from[y] = places[segment * ROWS + y];
    for (size_t i = 0; i < s->segment_groups * GROUP; i += GROUP, block += BLOCK * GROUP) {
      __m512i weights[BLOCKS];
#pragma clang loop unroll(full)
      for (size_t x = 0; x < width; x++) weights[x] = _mm512_loadu_si512(block + x * size);
#pragma clang loop unroll(full)
      for (size_t y = 0; y < height; y++) {
        int32_t four;
        memcpy(&four, from[y] + i, sizeof four);
        __m512i row = _mm512_set1_epi32(four);
#pragma clang loop unroll(full)
        for (size_t x = 0; x < width; x++) sums[y][x] = _mm512_dpbusd_epi32(sums[y][x], row, weights[x]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (size_t x = 0; x < width; x++) {
    __mmask16 mask = x + 1 < width ? 0xffff : last;
    outcome_lanes lanes = lanes_of(&s->outcome, s->kind, first + x * BLOCK, mask);
    int kind = s->kind;
    size_t stride = s->columns;
#pragma clang loop unroll(full)
    for (size_t y = 0; y < height; y++)
      wide_outcome(lanes, kind, sums[y][x], mask, place + y * stride + x * BLOCK, result);
  }
}

// How many blocks the next tile has, when so many are left. Four are better as two and two than as three and one.
INLINED size_t tile_width(size_t left) { return left == 3 || left > 4 ? 3 : left >= 2 ? 2 : 1; }

// The blocks `first`..<`last` of columns for a number of rows that is a constant where it is called.
INLINED_DOTS void wide_strip(
    const setting *s, const uint8_t *const *places, size_t height, const int8_t *packed, size_t size, size_t first, size_t last,
    size_t row, void *result) {
  for (size_t block = first, width; block < last; block += width) {
    width = tile_width(last - block);
    const int8_t *from = packed + block * size;
    size_t column = block * BLOCK, place = row * s->columns + column;
    if (width == 3) wide_tile(s, places, height, 3, from, size, column, place, result);
    else if (width == 2) wide_tile(s, places, height, 2, from, size, column, place, result);
    else wide_tile(s, places, height, 1, from, size, column, place, result);
  }
}

// One function for each height, so that the compiler has the registers of one at a time.
typedef void Strip(
    const setting *s, const uint8_t *const *places, const int8_t *packed, size_t size, size_t first, size_t last, size_t row,
    void *result);
#define STRIP(height)                                                                                                     \
  DOTS static void strip_##height(                                                                                        \
      const setting *s, const uint8_t *const *places, const int8_t *packed, size_t size, size_t first, size_t last,       \
      size_t row, void *result) {                                                                                         \
    wide_strip(s, places, height, packed, size, first, last, row, result);                                                \
  }
STRIP(1) STRIP(2) STRIP(3) STRIP(4) STRIP(5) STRIP(6) STRIP(7) STRIP(8)
#undef STRIP
static Strip *const strips[ROWS + 1] = {
    NULL, strip_1, strip_2, strip_3, strip_4, strip_5, strip_6, strip_7, strip_8,
};
#endif

int decant_has_dot_products(void) {
#if DECANT_DOT_PRODUCTS
  return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni");
#else
  return 0;
#endif
}

// A product, as the threads see it.
typedef struct {
  setting setting;
  const decant_rows *rows;
  const int8_t *packed;
  void *result;
  uint8_t *scratch;
  size_t column_parts, row_parts;
  int is_wide;
} product;

// Windows that are read where they lie: what is read of a place is whole groups and has no sign.
INLINED int lies_in_segments(const decant_rows *rows) {
  return rows->windows && !rows->is_signed && rows->windows->depth % GROUP == 0;
}

INLINED size_t segments_of(const decant_rows *rows) {
  return lies_in_segments(rows) ? rows->windows->window_height * rows->windows->window_width : 1;
}

// What a thread needs: rows that are copied, one place of codes of zero, and where segments lie.
size_t decant_product_scratch(const decant_rows *rows) {
  size_t codes = (ROWS + 1) * groups(rows->depth) * GROUP;
  return (codes + 63) / 64 * 64 + ROWS * segments_of(rows) * sizeof(const uint8_t *);
}

static const uint8_t **places_in(const decant_rows *rows, uint8_t *scratch) {
  size_t codes = (ROWS + 1) * groups(rows->depth) * GROUP;
  return (const uint8_t **)(scratch + (codes + 63) / 64 * 64);
}

// Copies `count` codes, their sign taken away.
INLINED void copy_codes(const uint8_t *restrict source, size_t count, uint8_t flip, uint8_t *restrict target) {
  if (!flip) {
    memcpy(target, source, count);
    return;
  }
  for (size_t i = 0; i < count; i++) target[i] = source[i] ^ flip;
}

// The places of window `index`, one after another: nothing where one lies outside of the image.
typedef struct {
  const decant_windows *windows;
  const uint8_t *image;
  size_t top, left, i, j;
} cursor;

INLINED cursor window_at(const decant_rows *rows, size_t index) {
  const decant_windows *w = rows->windows;
  size_t row = index / w->out_width;
  // These wrap around where they lie above or left of the image.
  return (cursor){
      w, (const uint8_t *)rows->bytes + row / w->out_height * w->image, row % w->out_height * w->step_y - w->top,
      index % w->out_width * w->step_x - w->left, 0, 0};
}

INLINED const uint8_t *next_place(cursor *at) {
  const decant_windows *w = at->windows;
  size_t y = at->top + at->i * w->gap_y, x = at->left + at->j * w->gap_x;
  if (++at->j == w->window_width) {
    at->j = 0;
    at->i++;
  }
  return y < w->height && x < w->width ? at->image + y * w->row + x * w->pixel : NULL;
}

// Window `index` as one line.
DISPATCHED static void gather(const decant_rows *rows, size_t index, uint8_t flip, uint8_t *restrict line) {
  cursor at = window_at(rows, index);
  size_t depth = rows->windows->depth, count = rows->windows->window_height * rows->windows->window_width;
  for (size_t s = 0; s < count; s++, line += depth) {
    const uint8_t *place = next_place(&at);
    if (place) copy_codes(place, depth, flip, line);
    else memset(line, rows->fill ^ flip, depth);
  }
}

// Rows `first` to `first + height` in whole groups and without a sign: where they lie, or copied.
static const uint8_t **unsigned_rows(const decant_rows *rows, size_t first, size_t height, uint8_t *scratch) {
  size_t padded = groups(rows->depth) * GROUP;
  const uint8_t **places = places_in(rows, scratch);
  if (lies_in_segments(rows)) {
    uint8_t *outside = scratch + ROWS * padded;
    size_t segments = segments_of(rows);
    memset(outside, rows->fill, rows->windows->depth);
    for (size_t y = 0; y < height; y++) {
      cursor at = window_at(rows, first + y);
      for (size_t s = 0; s < segments; s++) {
        const uint8_t *place = next_place(&at);
        places[s * ROWS + y] = place ? place : outside;
      }
    }
    return places;
  }
  const uint8_t *lines = (const uint8_t *)rows->bytes + first * rows->stride;
  uint8_t flip = rows->is_signed ? 0x80 : 0;
  for (size_t y = 0; y < height; y++) {
    if (!rows->windows && !rows->is_signed && padded == rows->depth) {
      places[y] = lines + y * rows->stride;
      continue;
    }
    uint8_t *copy = scratch + y * padded;
    if (rows->windows)
      gather(rows, first + y, flip, copy);
    else
      copy_codes(lines + y * rows->stride, rows->depth, flip, copy);
    // What is added to fill groups is multiplied by zeros.
    memset(copy + rows->depth, 0, padded - rows->depth);
    places[y] = copy;
  }
  return places;
}

// The saturated pairs of one row and one block.
DISPATCHED static uint64_t count_block(const uint8_t *restrict row, const int8_t *restrict block, size_t depth_groups) {
  uint32_t counts[BLOCK] = {0};
  for (size_t g = 0; g < depth_groups; g++)
    for (size_t x = 0; x < BLOCK; x++) {
      const int8_t *w = block + (g * BLOCK + x) * GROUP;
      const uint8_t *a = row + g * GROUP;
      int32_t low = a[0] * w[0] + a[1] * w[1], high = a[2] * w[2] + a[3] * w[3];
      counts[x] += (uint32_t)(low > 32767 || low < -32768) + (uint32_t)(high > 32767 || high < -32768);
    }
  uint64_t sum = 0;
  for (size_t x = 0; x < BLOCK; x++) sum += counts[x];
  return sum;
}

uint64_t decant_count_saturated(const decant_rows *rows, size_t columns, const int8_t *packed, void *scratch) {
  size_t segments = segments_of(rows), depth_groups = groups(rows->depth) / segments;
  uint64_t count = 0;
  for (size_t i = 0; i < rows->count; i++) {
    const uint8_t **places = unsigned_rows(rows, i, 1, scratch);
    for (size_t block = 0; block < blocks(columns); block++)
      for (size_t s = 0; s < segments; s++) {
        const int8_t *weights = packed + (block * segments + s) * BLOCK * GROUP * depth_groups;
        count += count_block(places[s * ROWS], weights, depth_groups);
      }
  }
  return count;
}

// The start of part `index` of `parts` that are about as large as each other.
INLINED size_t part_start(size_t count, size_t parts, size_t index) { return count / parts * index + index * (count % parts) / parts; }

static void multiply_part(void *argument, size_t worker, size_t part) {
  const product *p = argument;
  const decant_rows *rows = p->rows;
  const setting *s = &p->setting;
  size_t column_part = part % p->column_parts, row_part = part / p->column_parts, all = blocks(s->columns);
  size_t first = part_start(all, p->column_parts, column_part), last = part_start(all, p->column_parts, column_part + 1);
  size_t top = part_start(rows->count, p->row_parts, row_part), end = part_start(rows->count, p->row_parts, row_part + 1);
  size_t size = groups(rows->depth) * GROUP * BLOCK, count = (end - top + ROWS - 1) / ROWS;
  uint8_t *scratch = p->scratch + worker * decant_product_scratch(rows);
  for (size_t strip = 0; strip < count; strip++) {
    size_t row = top + part_start(end - top, count, strip), height = top + part_start(end - top, count, strip + 1) - row;
    const uint8_t *const *places = unsigned_rows(rows, row, height, scratch);
#if DECANT_DOT_PRODUCTS
    if (p->is_wide) {
      strips[height](s, places, p->packed, size, first, last, row, p->result);
      continue;
    }
#endif
    for (size_t block = first; block < last; block++) {
      size_t column = block * BLOCK, width = s->columns - column < BLOCK ? s->columns - column : BLOCK;
      plain_tile(s, places, height, p->packed + block * size, column, width, row * s->columns + column, p->result);
    }
  }
}

void decant_multiply_codes(
    const decant_rows *rows, size_t columns, const int8_t *packed, const decant_outcome *outcome, int kind, void *result,
    int threads, void *scratch) {
  if (!rows->count || !columns) return;
  size_t segments = segments_of(rows);
  setting s = {
      .columns = columns,
      .outcome = *outcome,
      .kind = kind,
      .segments = segments,
      .segment_groups = groups(rows->depth) / segments,
  };
  s.outcome.zero += rows->is_signed ? 128 : 0;
  product p = {
      .setting = s,
      .rows = rows,
      .packed = packed,
      .result = result,
      .scratch = scratch,
      .column_parts = (blocks(columns) + PART_BLOCKS - 1) / PART_BLOCKS,
      .row_parts = rows->count < 2 * PART_ROWS ? 1 : rows->count / PART_ROWS,
      .is_wide = decant_has_dot_products(),
  };
  decant_team(threads, p.column_parts * p.row_parts, 0, multiply_part, &p);
}

void decant_frame_codes(
    const uint8_t *image, size_t channels, size_t pixel, size_t height, size_t width, size_t channel_step, size_t row_step,
    size_t pixel_step, size_t top, size_t left, size_t framed_width, size_t first, size_t last, uint8_t fill, uint8_t *framed) {
  size_t shown = left >= framed_width ? 0 : framed_width - left;
  if (shown > width) shown = width;
  for (size_t row = first; row < last; row++) {
    uint8_t *to = framed + row * framed_width * pixel;
    memset(to, fill, framed_width * pixel);
    if (row < top || row - top >= height) continue;
    const uint8_t *from = image + (row - top) * row_step;
    to += left * pixel;
    if (channels == 3 && pixel == 4 && pixel_step == 1) {
      for (size_t x = 0; x < shown; x++) {
        to[4 * x] = from[x];
        to[4 * x + 1] = from[channel_step + x];
        to[4 * x + 2] = from[2 * channel_step + x];
        to[4 * x + 3] = fill;
      }
      continue;
    }
    for (size_t x = 0; x < shown; x++)
      for (size_t c = 0; c < channels; c++) to[x * pixel + c] = from[c * channel_step + x * pixel_step];
  }
}
