#define _POSIX_C_SOURCE 200809L
#include "CCeilings.h"
#include "dispatch.h"
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Twelve independent sums hide the latency of a multiply-add, and leave registers for the factor.
enum { SUMS = 12, ROUNDS = 100000, BURSTS = 12, COUNT = 8 << 20 };

// What the loops read and write, so that no compiler can do without them.
static volatile float factor = 0.5F;
static volatile float seen;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// The best rate of a loop that does `work` each time.
static double best_rate(void (*loop)(void), double work) {
  double best = 0;
  for (int burst = 0; burst < BURSTS; burst++) {
    double start = seconds();
    loop();
    double rate = work / (seconds() - start);
    if (rate > best) best = rate;
  }
  return best;
}

#define LOOP_F32(LANES)                                                                   \
  typedef float lanes##LANES __attribute__((ext_vector_type(LANES)));                     \
  DISPATCHED static void loop_f32_##LANES(void) {                                         \
    lanes##LANES sums[SUMS];                                                              \
    for (int i = 0; i < SUMS; i++) sums[i] = (lanes##LANES)(float)i;                      \
    for (int round = 0; round < ROUNDS; round++) {                                        \
      lanes##LANES x = factor;                                                            \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) sums[i] =         \
          __builtin_elementwise_fma(sums[i], x, x);                                       \
    }                                                                                     \
    for (int i = 1; i < SUMS; i++) sums[0] += sums[i];                                    \
    seen = sums[0][0];                                                                    \
  }

// Processors without registers of 16 floats would spill twelve sums of that width.
LOOP_F32(8)
LOOP_F32(16)

double decant_ceiling_f32(void) {
  double narrow = best_rate(loop_f32_8, 2.0 * 8 * SUMS * ROUNDS);
  double wide = best_rate(loop_f32_16, 2.0 * 16 * SUMS * ROUNDS);
  return narrow > wide ? narrow : wide;
}

DISPATCHED static void triad(float *restrict a, const float *restrict b, const float *restrict c, float x) {
  for (size_t i = 0; i < COUNT; i++) a[i] = b[i] + x * c[i];
}

double decant_ceiling_memory(void) {
  float *arrays = malloc(3 * (size_t)COUNT * sizeof *arrays);
  if (!arrays) return 0;
  memset(arrays, 0, 3 * (size_t)COUNT * sizeof *arrays);
  double best = 0;
  for (int burst = 0; burst < BURSTS; burst++) {
    double start = seconds();
    triad(arrays, arrays + COUNT, arrays + 2 * (size_t)COUNT, factor);
    double rate = 3.0 * COUNT * sizeof *arrays / (seconds() - start);
    if (rate > best) best = rate;
    seen = arrays[burst];
  }
  free(arrays);
  return best;
}

#if defined(__x86_64__)
#include <immintrin.h>

static volatile int32_t seed = 1, seen_codes;

// `PRODUCT` adds four products of bytes to each lane of a sum.
#define LOOP_U8S8(NAME, TARGET, VECTOR, SPREAD, PRODUCT)                                          \
  __attribute__((target(TARGET))) static void NAME(void) {                                        \
    VECTOR sums[SUMS];                                                                            \
    for (int i = 0; i < SUMS; i++) sums[i] = SPREAD(i);                                           \
    for (int round = 0; round < ROUNDS; round++) {                                                \
      VECTOR x = SPREAD(seed);                                                                    \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) sums[i] = PRODUCT(sums[i], x, x); \
    }                                                                                             \
    VECTOR all = sums[0];                                                                         \
    for (int i = 1; i < SUMS; i++) all += sums[i];                                                \
    seen_codes = (int32_t)all[0];                                                                 \
  }

#define SATURATED(sum, a, b) \
  _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1)))

LOOP_U8S8(loop_vnni_512, "avx512f,avx512vnni", __m512i, _mm512_set1_epi32, _mm512_dpbusd_epi32)
LOOP_U8S8(loop_vnni_256, "avx2,avxvnni", __m256i, _mm256_set1_epi32, _mm256_dpbusd_avx_epi32)
LOOP_U8S8(loop_avx2, "avx2", __m256i, _mm256_set1_epi32, SATURATED)

double decant_ceiling_u8s8(void) {
  double work = 2.0 * SUMS * ROUNDS;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vnni")) return best_rate(loop_vnni_512, 64 * work);
  if (__builtin_cpu_supports("avxvnni")) return best_rate(loop_vnni_256, 32 * work);
  return __builtin_cpu_supports("avx2") ? best_rate(loop_avx2, 32 * work) : 0;
}
#else
double decant_ceiling_u8s8(void) { return 0; }
#endif
