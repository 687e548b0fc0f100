#include "CIntegers.h"
#include "CThreads.h"
#include "dispatch.h"
#include <math.h>
#include <string.h>

// Columns lie in panels of PANEL. Of each, GROUP codes of one column lie side by side, as the dot product instructions of
// AVX-512 read them; of 4 bits, the codes of two groups share their bytes.
enum { PANEL = 16, GROUP = 4, ROWS = 8, LINE = PANEL * GROUP };

typedef float lanes __attribute__((ext_vector_type(PANEL)));

INLINED size_t ceiling(size_t count, size_t by) { return (count + by - 1) / by; }

INLINED size_t panel_size(size_t depth, size_t block, int bits) {
  return ceiling(depth, block) * block * PANEL * (size_t)bits / 8;
}

size_t decant_packed_blocks_size(size_t depth, size_t columns, size_t block, int bits) {
  return ceiling(columns, PANEL) * panel_size(depth, block, bits);
}

void decant_pack_blocks(const uint8_t *codes, size_t depth, size_t columns, size_t block, int bits, uint8_t *packed) {
  size_t padded = ceiling(depth, block) * block, line = padded * (size_t)bits / 8;
  memset(packed, 0, decant_packed_blocks_size(depth, columns, block, bits));
  for (size_t j = 0; j < columns; j++) {
    uint8_t *panel = packed + j / PANEL * panel_size(depth, block, bits) + j % PANEL * GROUP;
    const uint8_t *column = codes + j * line;
    for (size_t p = 0; p < padded; p++) {
      if (bits == 8)
        panel[p / GROUP * LINE + p % GROUP] = column[p];
      else
        panel[p / (2 * GROUP) * LINE + p % GROUP] |= (uint8_t)((column[p / 2] >> p % 2 * 4 & 15) << p / GROUP % 2 * 4);
    }
  }
}

// The codes of some numbers, and their sum.
INLINED int32_t code_lanes(const float *restrict values, size_t count, float inverse, int8_t *restrict codes) {
  int32_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    float v = values[i] * inverse;
    v = v > -127 ? v : -127;
    v = v < 127 ? v : 127;
    // Adding 1.5 * 2^23 rounds half to even.
    int32_t code = (int32_t)((v + 12582912.0f) - 12582912.0f);
    codes[i] = (int8_t)code;
    sum += code;
  }
  return sum;
}

DISPATCHED void decant_code_rows_i8(
    const float *values, size_t rows, size_t depth, size_t block, int8_t *codes, float *scales, float *sums) {
  size_t blocks = ceiling(depth, block);
  for (size_t r = 0; r < rows; r++)
    for (size_t b = 0; b < blocks; b++) {
      size_t start = b * block, length = depth - start < block ? depth - start : block;
      const float *restrict run = values + r * depth + start;
      int8_t *restrict out = codes + (r * blocks + b) * block;
      float greatest[16] = {0};
      size_t i = 0;
      for (; i + 16 <= length; i += 16)
        for (size_t lane = 0; lane < 16; lane++) {
          float v = fabsf(run[i + lane]);
          greatest[lane] = v > greatest[lane] ? v : greatest[lane];
        }
      for (; i < length; i++) greatest[0] = fabsf(run[i]) > greatest[0] ? fabsf(run[i]) : greatest[0];
      for (size_t half = 8; half > 0; half /= 2)
        for (size_t lane = 0; lane < half; lane++)
          greatest[lane] = greatest[lane + half] > greatest[lane] ? greatest[lane + half] : greatest[lane];
      float most = greatest[0];
      float scale = most / 127, inverse = most > 0 ? 127 / most : 0;
      int32_t sum = 0;
      for (i = 0; i + 16 <= length; i += 16) sum += code_lanes(run + i, 16, inverse, out + i);
      sum += code_lanes(run + i, length - i, inverse, out + i);
      memset(out + length, 0, block - length);
      scales[r * blocks + b] = scale;
      sums[r * blocks + b] = scale * (float)sum;
    }
}

typedef struct {
  const decant_blocks *matrix;
  size_t rows, blocks;
  const int8_t *codes;
  const float *scales, *sums, *values;
  float *result, *scratch;
  int is_wide;
} product;

// Writes the sums of one row of a panel, plus what is added to them.
INLINED void store(const product *p, const float *restrict sums, size_t row, size_t panel) {
  size_t first = panel * PANEL, width = p->matrix->columns - first < PANEL ? p->matrix->columns - first : PANEL;
  const float *restrict addends = p->matrix->addends;
  float *restrict target = p->result + row * p->matrix->columns + first;
  if (width == PANEL)
    for (size_t x = 0; x < PANEL; x++) target[x] = addends ? sums[x] + addends[first + x] : sums[x];
  else
    for (size_t x = 0; x < width; x++) target[x] = addends ? sums[x] + addends[first + x] : sums[x];
}

INLINED uint8_t code_at(const product *p, const uint8_t *panel, size_t place, size_t x) {
  if (p->matrix->bits == 8) return panel[place / GROUP * LINE + x * GROUP + place % GROUP];
  return panel[place / (2 * GROUP) * LINE + x * GROUP + place % GROUP] >> place / GROUP % 2 * 4 & 15;
}

DISPATCHED static void plain_tile(const product *p, size_t row, size_t height, size_t panel) {
  const decant_blocks *m = p->matrix;
  const uint8_t *codes = m->packed + panel * panel_size(m->depth, m->block, m->bits);
  for (size_t y = row; y < row + height; y++) {
    float total[PANEL] = {0};
    for (size_t b = 0; b < p->blocks; b++) {
      int32_t sums[PANEL] = {0};
      for (size_t i = 0; i < m->block; i++) {
        int32_t a = p->codes[(y * p->blocks + b) * m->block + i];
        for (size_t x = 0; x < PANEL; x++) sums[x] += a * code_at(p, codes, b * m->block + i, x);
      }
      size_t place = (panel * p->blocks + b) * PANEL;
      for (size_t x = 0; x < PANEL; x++) {
        total[x] = fmaf((float)sums[x], m->scales[place + x] * p->scales[y * p->blocks + b], total[x]);
        total[x] = fmaf(-m->offsets[place + x], p->sums[y * p->blocks + b], total[x]);
      }
    }
    store(p, total, y, panel);
  }
}

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#define WIDE __attribute__((target("arch=x86-64-v4,avx512vnni"), min_vector_width(512)))
#define INLINED_WIDE static inline WIDE __attribute__((always_inline))

INLINED_WIDE __m512i four(const int8_t *codes) {
  int32_t bits;
  memcpy(&bits, codes, 4);
  return _mm512_set1_epi32(bits);
}

INLINED_WIDE void wide_tile(const product *p, size_t row, size_t height, size_t panel, int bits) {
  const decant_blocks *m = p->matrix;
  size_t stride = p->blocks * m->block;
  const uint8_t *line = m->packed + panel * panel_size(m->depth, m->block, bits);
  const int8_t *rows = p->codes + row * stride;
  __m512 totals[ROWS];
  __m512i nibble = _mm512_set1_epi8(15);
#pragma clang loop unroll(full)
  for (size_t y = 0; y < height; y++) totals[y] = _mm512_setzero_ps();
  for (size_t b = 0; b < p->blocks; b++) {
    __m512i sums[ROWS];
#pragma clang loop unroll(full)
    for (size_t y = 0; y < height; y++) sums[y] = _mm512_setzero_si512();
    for (size_t i = 0; i < m->block; i += 2 * GROUP) {
      const int8_t *place = rows + b * m->block + i;
      __m512i low, high;
      if (bits == 4) {
        __m512i both = _mm512_loadu_si512(line);
        low = _mm512_and_si512(both, nibble);
        high = _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble);
        line += LINE;
      } else {
        low = _mm512_loadu_si512(line);
        high = _mm512_loadu_si512(line + LINE);
        line += 2 * LINE;
      }
#pragma clang loop unroll(full)
      for (size_t y = 0; y < height; y++) sums[y] = _mm512_dpbusd_epi32(sums[y], low, four(place + y * stride));
#pragma clang loop unroll(full)
      for (size_t y = 0; y < height; y++) sums[y] = _mm512_dpbusd_epi32(sums[y], high, four(place + y * stride + GROUP));
    }
    __m512 scales = _mm512_loadu_ps(m->scales + (panel * p->blocks + b) * PANEL);
    __m512 offsets = _mm512_loadu_ps(m->offsets + (panel * p->blocks + b) * PANEL);
#pragma clang loop unroll(full)
    for (size_t y = 0; y < height; y++) {
      size_t at = (row + y) * p->blocks + b;
      __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(p->scales[at]));
      totals[y] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[y]), scale, totals[y]);
      totals[y] = _mm512_fnmadd_ps(offsets, _mm512_set1_ps(p->sums[at]), totals[y]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t y = 0; y < height; y++) {
    float sum[PANEL];
    memcpy(sum, &totals[y], sizeof sum);
    store(p, sum, row + y, panel);
  }
}

// A tile for each height and width of codes, so that its sums are registers.
WIDE static void vector_tile(const product *p, size_t row, size_t height, size_t panel) {
#define HEIGHT(n) case n: p->matrix->bits == 4 ? wide_tile(p, row, n, panel, 4) : wide_tile(p, row, n, panel, 8); break;
  switch (height) {
    HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4) HEIGHT(5) HEIGHT(6) HEIGHT(7) HEIGHT(8)
  default: break;
  }
#undef HEIGHT
}

static int has_dot_products(void) {
  return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni");
}
#else
#define vector_tile plain_tile
static int has_dot_products(void) { return 0; }
#endif

static void multiply_codes(void *argument, size_t worker, size_t panel) {
  const product *p = argument;
  (void)worker;
  for (size_t row = 0; row < p->rows; row += ROWS) {
    size_t height = p->rows - row < ROWS ? p->rows - row : ROWS;
    (p->is_wide ? vector_tile : plain_tile)(p, row, height, panel);
  }
}

void decant_multiply_blocks_i8(
    const decant_blocks *matrix, size_t rows, const int8_t *codes, const float *scales, const float *sums, float *result,
    int threads) {
  product p = {matrix, rows, ceiling(matrix->depth, matrix->block), codes, scales, sums, 0, result, 0, has_dot_products()};
  decant_team(threads, ceiling(matrix->columns, PANEL), 0, multiply_codes, &p);
}

// Floats

INLINED void float_tile(const product *p, const lanes *restrict panel_values, size_t row, size_t height, size_t panel) {
  size_t depth = p->matrix->depth;
  const float *values = p->values + row * depth;
  lanes totals[ROWS];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < height; y++) totals[y] = 0;
  for (size_t i = 0; i < depth; i++) {
    lanes column = panel_values[i];
#pragma clang loop unroll(full)
    for (size_t y = 0; y < height; y++)
      totals[y] = __builtin_elementwise_fma(column, (lanes)values[y * depth + i], totals[y]);
  }
#pragma clang loop unroll(full)
  for (size_t y = 0; y < height; y++) {
    float sum[PANEL];
    memcpy(sum, &totals[y], sizeof sum);
    store(p, sum, row + y, panel);
  }
}

// The numbers of a group of each column; the codes of a column are one word.
INLINED void unpack_group(
    const uint8_t *restrict codes, size_t shift, uint32_t mask, const float *restrict scales, const float *restrict offsets,
    lanes *restrict rows) {
  uint32_t words[PANEL];
  memcpy(words, codes, sizeof words);
  for (size_t i = 0; i < GROUP; i++) {
    float row[PANEL];
    for (size_t x = 0; x < PANEL; x++)
      row[x] = (float)(int32_t)(words[x] >> (8 * i + shift) & mask) * scales[x] - offsets[x];
    memcpy(rows + i, row, sizeof row);
  }
}

DISPATCHED static void multiply_floats(const product *p, size_t panel, lanes *restrict unpacked) {
  const decant_blocks *m = p->matrix;
  const uint8_t *codes = m->packed + panel * panel_size(m->depth, m->block, m->bits);
  for (size_t b = 0; b < p->blocks; b++) {
    const float *scales = m->scales + (panel * p->blocks + b) * PANEL, *offsets = m->offsets + (panel * p->blocks + b) * PANEL;
    for (size_t i = b * m->block; i < (b + 1) * m->block; i += GROUP)
      m->bits == 8 ? unpack_group(codes + i / GROUP * LINE, 0, 255, scales, offsets, unpacked + i)
                   : unpack_group(
                         codes + i / (2 * GROUP) * LINE, i / GROUP % 2 * 4, 15, scales, offsets, unpacked + i);
  }
  size_t row = 0;
  for (; row + ROWS <= p->rows; row += ROWS) float_tile(p, unpacked, row, ROWS, panel);
  for (; row < p->rows; row++) float_tile(p, unpacked, row, 1, panel);
}

static void multiply_panel(void *argument, size_t worker, size_t panel) {
  const product *p = argument;
  multiply_floats(p, panel, (lanes *)(void *)(p->scratch + worker * p->blocks * p->matrix->block * PANEL));
}

void decant_multiply_blocks_f32(
    const decant_blocks *matrix, size_t rows, const float *values, float *result, int threads, float *scratch) {
  product p = {matrix, rows, ceiling(matrix->depth, matrix->block), 0, 0, 0, values, result, scratch, 0};
  decant_team(threads, ceiling(matrix->columns, PANEL), 0, multiply_panel, &p);
}
