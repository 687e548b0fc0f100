#include "CKernels.h"
#include "lanes.h"
#include <math.h>

enum { BITS = DECANT_MAGNITUDE_BITS, BINS = 1 << BITS, BLOCK = 512, TABLES = 8, PART = 1 << 18 };

// The bins of a block of magnitudes.
INLINED void places_of(const float *values, size_t count, float first, float second, float last, int32_t *places) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    // Twice a power of two, for one may be more than a float holds.
    lanes place = magnitude(load(values + i)) * first * second;
    whole_lanes whole = __builtin_convertvector(choose(place < last, place, last), whole_lanes);
    memcpy(places + i, &whole, sizeof whole);
  }
  for (; i < count; i++) {
    float place = fabsf(values[i]) * first * second;
    places[i] = (int32_t)(place < last ? place : last);
  }
}

WIDE DISPATCHED void decant_magnitudes_f32(const float *values, size_t count, int exponent, uint64_t *counters) {
  int32_t places[BLOCK];
  int half = (BITS - exponent) / 2;
  float first = ldexpf(1, half), second = ldexpf(1, BITS - exponent - half);
  if (count < 4 * BINS) {
    for (size_t i = 0; i < count; i += BLOCK) {
      size_t n = count - i < BLOCK ? count - i : BLOCK;
      places_of(values + i, n, first, second, BINS - 1, places);
      for (size_t j = 0; j < n; j++) counters[places[j]]++;
    }
    return;
  }
  // Neighbours are often alike, and a count waits for the one before it in the same place: zeros above all. The counts of one part fit
  // in 16 bits.
  uint16_t tables[TABLES][BINS];
  while (count > 0) {
    size_t part = count < PART ? count : PART;
    memset(tables, 0, sizeof tables);
    for (size_t i = 0; i < part; i += BLOCK) {
      size_t n = part - i < BLOCK ? part - i : BLOCK, j = 0;
      places_of(values + i, n, first, second, BINS - 1, places);
      for (; j + TABLES <= n; j += TABLES)
#pragma clang loop unroll(full)
        for (size_t t = 0; t < TABLES; t++) tables[t][places[j + t]]++;
      for (; j < n; j++) tables[0][places[j]]++;
    }
    for (size_t bin = 0; bin < BINS; bin++)
      for (size_t t = 0; t < TABLES; t++) counters[bin] += tables[t][bin];
    values += part;
    count -= part;
  }
}
