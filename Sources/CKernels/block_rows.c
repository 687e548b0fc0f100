#include "CIntegers.h"
#include "dispatch.h"

INLINED void one_byte(const uint8_t *codes, size_t count, uint8_t flip, int zero, float scale, float *values) {
  for (size_t i = 0; i < count; i++) values[i] = (float)((int)(codes[i] ^ flip) - zero) * scale;
}

INLINED void two_a_byte(const uint8_t *codes, size_t count, uint8_t flip, int zero, float scale, float *values) {
  for (size_t i = 0; i < count / 2; i++) {
    int pair = codes[i] ^ flip;
    values[2 * i] = (float)((pair & 15) - zero) * scale;
    values[2 * i + 1] = (float)((pair >> 4) - zero) * scale;
  }
}

DISPATCHED size_t decant_look_up_rows(
    const decant_table *table, const void *indices, int are_wide, size_t count, float *target) {
  size_t columns = table->columns, block = table->block, blocks = (columns - 1) / block + 1;
  size_t width = columns * (size_t)table->bits / 8;
  for (size_t i = 0; i < count; i++) {
    int64_t index = are_wide ? ((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
    if (index < 0) index += (int64_t)table->rows;
    if (index < 0 || index >= (int64_t)table->rows) return i;
    const uint8_t *codes = table->codes + (size_t)index * width;
    for (size_t b = 0; b < blocks; b++) {
      size_t first = b * block, some = columns - first < block ? columns - first : block;
      size_t place = (size_t)index * blocks + b;
      int zero = table->zeros ? table->zeros[place] : table->middle;
      float *values = target + i * columns + first;
      if (table->bits == 8)
        one_byte(codes + first, some, table->flip, zero, table->scales[place], values);
      else
        two_a_byte(codes + first / 2, some, table->flip, zero, table->scales[place], values);
    }
  }
  return count;
}
