#include "CIntegers.h"
#include "CThreads.h"
#include "dispatch.h"
#include "rounded.h"
#include <string.h>

// Columns lie in panels of PANEL, four products of one column side by side, as the dot product instructions of AVX-512 read
// them; up to ROWS x PANEL sums stay in registers. Sums are integers, so their order does not matter.
enum { PANEL = 32, GROUP = 4, ROWS = 12, PART_ROWS = 4 * ROWS, PART_COLUMNS = 4 * PANEL };

INLINED size_t groups(size_t depth) { return (depth + GROUP - 1) / GROUP; }

size_t decant_packed_columns_size(size_t depth, size_t columns) {
  return (columns + PANEL - 1) / PANEL * PANEL * groups(depth) * GROUP;
}

size_t decant_product_scratch(size_t depth) { return ROWS * groups(depth) * GROUP; }

// One column after another, as they lie apart.
static void pack_far(
    const int8_t *codes, size_t depth, size_t columns, size_t step, size_t stride, int8_t *packed, int32_t *sums) {
  for (size_t j = 0; j < columns; j++) {
    int8_t *panel = packed + j / PANEL * PANEL * groups(depth) * GROUP + j % PANEL * GROUP;
    int32_t sum = 0;
    for (size_t p = 0; p < depth; p++) {
      int8_t code = codes[p * step + j * stride];
      panel[p / GROUP * PANEL * GROUP + p % GROUP] = code;
      sum += code;
    }
    sums[j] = sum;
  }
}

// The columns of a panel side by side, as they lie.
static void pack_near(
    const int8_t *codes, size_t depth, size_t columns, size_t step, int8_t *packed, int32_t *sums) {
  memset(sums, 0, columns * sizeof *sums);
  for (size_t start = 0; start < columns; start += PANEL) {
    size_t width = columns - start < PANEL ? columns - start : PANEL;
    int8_t *panel = packed + start * groups(depth) * GROUP;
    for (size_t p = 0; p < depth; p++) {
      const int8_t *row = codes + p * step + start;
      int8_t *line = panel + p / GROUP * PANEL * GROUP + p % GROUP;
      for (size_t x = 0; x < width; x++) {
        line[x * GROUP] = row[x];
        sums[start + x] += row[x];
      }
    }
  }
}

void decant_pack_columns(
    const int8_t *codes, size_t depth, size_t columns, size_t step, size_t stride, int8_t *packed, int32_t *sums) {
  memset(packed, 0, decant_packed_columns_size(depth, columns));
  if (stride == 1)
    pack_near(codes, depth, columns, step, packed, sums);
  else
    pack_far(codes, depth, columns, step, stride, packed, sums);
}

// What is common to all tiles of a product.
typedef struct {
  size_t depth_groups, columns;
  const decant_outcome *outcome;
  uint32_t zero;  // of the rows, once they have no sign
  int kind;
} setting;

// One row of a tile, from its sums to the result.
INLINED void finish(const setting *s, const int32_t *restrict tile, size_t first, size_t width, size_t place, void *result) {
  const decant_outcome *o = s->outcome;
  for (size_t x = 0; x < width; x++) {
    size_t j = first + x;
    uint32_t wrapped = (uint32_t)tile[x] - s->zero * (uint32_t)o->sums[j] + (o->bias ? (uint32_t)o->bias[j] : 0);
    int32_t sum = (int32_t)wrapped;
    if (s->kind == DECANT_SUMS) {
      ((int32_t *)result)[place + x] = sum;
      continue;
    }
    float v = (float)sum * o->factors[j];
    if (s->kind == DECANT_FLOATS) {
      ((float *)result)[place + x] = o->addends ? v + o->addends[j] : v;
      continue;
    }
    float code = to_even(bounded(v, -1024, 1024)) + o->target;
    if (s->kind == DECANT_UNSIGNED_CODES)
      ((uint8_t *)result)[place + x] = (uint8_t)(int32_t)bounded(code, 0, 255);
    else
      ((int8_t *)result)[place + x] = (int8_t)(int32_t)bounded(code, -128, 127);
  }
}

DISPATCHED static void plain_tile(
    const setting *s, const uint8_t *rows, size_t height, size_t row_stride, const int8_t *panel, size_t first, size_t width,
    size_t place, void *result) {
  for (size_t y = 0; y < height; y++) {
    int32_t sums[PANEL] = {0};
    for (size_t g = 0; g < s->depth_groups; g++)
      for (size_t x = 0; x < PANEL; x++)
        for (size_t i = 0; i < GROUP; i++)
          sums[x] += (int32_t)rows[y * row_stride + g * GROUP + i] * panel[(g * PANEL + x) * GROUP + i];
    finish(s, sums, first, width, place + y * s->columns, result);
  }
}

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#define WIDE __attribute__((target("arch=x86-64-v4,avx512vnni"), min_vector_width(512)))
#define INLINED_WIDE static inline WIDE __attribute__((always_inline))

// Half of one row of a tile, from its sums to the result.
INLINED_WIDE void finish_half(const setting *s, __m512i sum, size_t j, __mmask16 mask, size_t place, void *result) {
  const decant_outcome *o = s->outcome;
  __m512i correction = _mm512_mullo_epi32(_mm512_set1_epi32((int)s->zero), _mm512_maskz_loadu_epi32(mask, o->sums + j));
  sum = _mm512_sub_epi32(sum, correction);
  if (o->bias) sum = _mm512_add_epi32(sum, _mm512_maskz_loadu_epi32(mask, o->bias + j));
  if (s->kind == DECANT_SUMS) {
    _mm512_mask_storeu_epi32((int32_t *)result + place, mask, sum);
    return;
  }
  __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_maskz_loadu_ps(mask, o->factors + j));
  if (s->kind == DECANT_FLOATS) {
    if (o->addends) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, o->addends + j));
    _mm512_mask_storeu_ps((float *)result + place, mask, v);
    return;
  }
  int is_signed = s->kind == DECANT_SIGNED_CODES;
  // The order of operands matters: a NaN gives the second one.
  v = _mm512_add_ps(_mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), _mm512_set1_ps(o->target));
  v = _mm512_min_ps(_mm512_max_ps(v, _mm512_set1_ps(is_signed ? -128 : 0)), _mm512_set1_ps(is_signed ? 127 : 255));
  __m128i codes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v));
  _mm_mask_storeu_epi8((uint8_t *)result + place, mask, codes);
}

INLINED_WIDE void wide_tile(
    const setting *s, const uint8_t *rows, size_t height, size_t row_stride, const int8_t *panel, size_t first, size_t width,
    size_t place, void *result) {
  __m512i low[ROWS], high[ROWS];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < height; y++) low[y] = high[y] = _mm512_setzero_si512();
  for (size_t g = 0; g < s->depth_groups; g++) {
    __m512i a = _mm512_loadu_si512(panel + g * PANEL * GROUP), b = _mm512_loadu_si512(panel + g * PANEL * GROUP + 64);
#pragma clang loop unroll(full)
    for (size_t y = 0; y < height; y++) {
      int32_t four;
      memcpy(&four, rows + y * row_stride + g * GROUP, 4);
      __m512i row = _mm512_set1_epi32(four);
      low[y] = _mm512_dpbusd_epi32(low[y], row, a);
      high[y] = _mm512_dpbusd_epi32(high[y], row, b);
    }
  }
  __mmask16 left = width >= 16 ? 0xffff : (__mmask16)((1u << width) - 1);
  __mmask16 right = width >= 32 ? 0xffff : width <= 16 ? 0 : (__mmask16)((1u << (width - 16)) - 1);
#pragma clang loop unroll(full)
  for (size_t y = 0; y < height; y++) {
    finish_half(s, low[y], first, left, place + y * s->columns, result);
    if (right) finish_half(s, high[y], first + 16, right, place + y * s->columns + 16, result);
  }
}

// A tile for each height, so that its sums are registers.
WIDE static void vector_tile(
    const setting *s, const uint8_t *rows, size_t height, size_t row_stride, const int8_t *panel, size_t first, size_t width,
    size_t place, void *result) {
  switch (height) {
#define HEIGHT(n) case n: wide_tile(s, rows, n, row_stride, panel, first, width, place, result); break;
    HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(5) HEIGHT(6)
    HEIGHT(7) HEIGHT(8) HEIGHT(9) HEIGHT(10) HEIGHT(11) HEIGHT(12)
#undef HEIGHT
  default: break;
  }
}

static int has_dot_products(void) {
  return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni");
}
#else
#define vector_tile plain_tile
static int has_dot_products(void) { return 0; }
#endif

// A product, as the threads see it.
typedef struct {
  setting setting;
  const decant_rows *rows;
  const int8_t *packed;
  void *result;
  uint8_t *scratch;
  size_t column_parts;
  int is_wide;
} product;

// Copies `count` codes, their sign taken away.
INLINED void copy_codes(const uint8_t *restrict source, size_t count, uint8_t flip, uint8_t *restrict target) {
  if (!flip) {
    memcpy(target, source, count);
    return;
  }
  for (size_t i = 0; i < count; i++) target[i] = source[i] ^ flip;
}

// Row `index` of windows over images, as one line.
DISPATCHED static void gather(const decant_rows *rows, size_t index, uint8_t flip, uint8_t *restrict line) {
  size_t plane = rows->result_height * rows->result_width, image = index / plane, place = index % plane;
  size_t y = place / rows->result_width * rows->step_y, x = place % rows->result_width * rows->step_x;
  const uint8_t *bytes = (const uint8_t *)rows->bytes + image * rows->height * rows->width * rows->channels;
  for (size_t ky = 0; ky < rows->kernel_height; ky++) {
    size_t row = y + ky * rows->gap_y - rows->top;  // wraps to a large number before the first
    for (size_t kx = 0; kx < rows->kernel_width; kx++, line += rows->channels) {
      size_t column = x + kx * rows->gap_x - rows->left;
      if (row < rows->height && column < rows->width)
        copy_codes(bytes + (row * rows->width + column) * rows->channels, rows->channels, flip, line);
      else
        memset(line, rows->fill ^ flip, rows->channels);
    }
  }
}

// Rows `first` to `first + height` in whole groups and without a sign: where they lie, or copied to `copy`.
static const uint8_t *unsigned_rows(
    const decant_rows *rows, size_t first, size_t height, uint8_t *copy, size_t *stride) {
  size_t padded = groups(rows->depth) * GROUP;
  const uint8_t *block = (const uint8_t *)rows->bytes + first * rows->stride;
  *stride = rows->stride;
  if (!rows->has_patches && !rows->is_signed && padded == rows->depth) return block;
  uint8_t flip = rows->is_signed ? 0x80 : 0;
  for (size_t y = 0; y < height; y++) {
    if (rows->has_patches)
      gather(rows, first + y, flip, copy + y * padded);
    else
      copy_codes(block + y * rows->stride, rows->depth, flip, copy + y * padded);
    memset(copy + y * padded + rows->depth, 0, padded - rows->depth);
  }
  *stride = padded;
  return copy;
}

// The saturated pairs of one row and one panel.
DISPATCHED static uint64_t count_panel(const uint8_t *restrict row, const int8_t *restrict panel, size_t depth_groups) {
  uint32_t counts[PANEL] = {0};
  for (size_t g = 0; g < depth_groups; g++)
    for (size_t x = 0; x < PANEL; x++) {
      const int8_t *w = panel + (g * PANEL + x) * GROUP;
      const uint8_t *a = row + g * GROUP;
      int32_t low = a[0] * w[0] + a[1] * w[1], high = a[2] * w[2] + a[3] * w[3];
      counts[x] += (uint32_t)(low > 32767 || low < -32768) + (uint32_t)(high > 32767 || high < -32768);
    }
  uint64_t sum = 0;
  for (size_t x = 0; x < PANEL; x++) sum += counts[x];
  return sum;
}

uint64_t decant_count_saturated(const decant_rows *rows, size_t columns, const int8_t *packed, void *scratch) {
  size_t depth_groups = groups(rows->depth), stride;
  uint64_t count = 0;
  for (size_t i = 0; i < rows->count; i++) {
    const uint8_t *row = unsigned_rows(rows, i, 1, scratch, &stride);
    for (size_t j = 0; j < columns; j += PANEL) count += count_panel(row, packed + j * depth_groups * GROUP, depth_groups);
  }
  return count;
}

static void multiply_part(void *argument, size_t worker, size_t part) {
  const product *p = argument;
  const decant_rows *rows = p->rows;
  const setting *s = &p->setting;
  size_t padded = s->depth_groups * GROUP, first = part % p->column_parts * PART_COLUMNS, top = part / p->column_parts * PART_ROWS;
  size_t last = first + PART_COLUMNS < s->columns ? first + PART_COLUMNS : s->columns;
  size_t end = top + PART_ROWS < rows->count ? top + PART_ROWS : rows->count;
  for (size_t i = top; i < end; i += ROWS) {
    size_t height = end - i < ROWS ? end - i : ROWS, stride;
    uint8_t *copy = p->scratch + worker * decant_product_scratch(rows->depth);
    // What is added to fill groups is multiplied by zeros.
    const uint8_t *block = unsigned_rows(rows, i, height, copy, &stride);
    for (size_t j = first; j < last; j += PANEL) {
      size_t width = last - j < PANEL ? last - j : PANEL;
      const int8_t *panel = p->packed + j * padded;
      (p->is_wide ? vector_tile : plain_tile)(s, block, height, stride, panel, j, width, i * s->columns + j, p->result);
    }
  }
}

void decant_multiply_codes(
    const decant_rows *rows, size_t columns, const int8_t *packed, const decant_outcome *outcome, int kind, void *result,
    int threads, void *scratch) {
  uint32_t zero = (uint32_t)outcome->zero + (rows->is_signed ? 128 : 0);
  size_t column_parts = (columns + PART_COLUMNS - 1) / PART_COLUMNS, row_parts = (rows->count + PART_ROWS - 1) / PART_ROWS;
  product p = {
      {groups(rows->depth), columns, outcome, zero, kind}, rows, packed, result, scratch, column_parts, has_dot_products()};
  decant_team(threads, column_parts * row_parts, 0, multiply_part, &p);
}
