#include "CKernels.h"
#include "dispatch.h"
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)

// FIPS 180-4 on sixteen messages at a time, one in each 32-bit lane of the 512-bit registers.

typedef uint32_t lanes __attribute__((vector_size(64)));
typedef uint8_t lane_bytes __attribute__((vector_size(64)));
enum { LANES = 16, BLOCK = 64 };

static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define SHUFFLE __builtin_shufflevector
#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))

// Turns sixteen blocks, one a row, into their sixteen big-endian words, one a row.
#define TRANSPOSE(w, r, t)                                                                                              \
  do {                                                                                                                  \
    for (int i = 0; i < 16; i += 2) {                                                                                   \
      t[i] = SHUFFLE(r[i], r[i + 1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);                        \
      t[i + 1] = SHUFFLE(r[i], r[i + 1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);                    \
    }                                                                                                                   \
    for (int i = 0; i < 16; i += 4)                                                                                     \
      for (int j = i; j < i + 2; j++) {                                                                                 \
        r[j] = SHUFFLE(t[j], t[j + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);                       \
        r[j + 2] = SHUFFLE(t[j], t[j + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);                 \
      }                                                                                                                 \
    for (int i = 0; i < 16; i += 8)                                                                                     \
      for (int j = i; j < i + 4; j++) {                                                                                 \
        t[j] = SHUFFLE(r[j], r[j + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);                       \
        t[j + 4] = SHUFFLE(r[j], r[j + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);                 \
      }                                                                                                                 \
    for (int j = 0; j < 8; j++) {                                                                                       \
      w[j] = SHUFFLE(t[j], t[j + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);                           \
      w[j + 8] = SHUFFLE(t[j], t[j + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);                 \
    }                                                                                                                   \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 16; i++) { \
      lane_bytes x = (lane_bytes)w[i];                                                                                  \
      w[i] = (lanes)SHUFFLE(                                                                                            \
          x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 19, 18, 17, 16, 23, 22, 21, 20, 27, 26, 25, 24,    \
          31, 30, 29, 28, 35, 34, 33, 32, 39, 38, 37, 36, 43, 42, 41, 40, 47, 46, 45, 44, 51, 50, 49, 48, 55, 54, 53,   \
          52, 59, 58, 57, 56, 63, 62, 61, 60);                                                                          \
    }                                                                                                                   \
  } while (0)

#include <immintrin.h>
#define T3(x,y,z,i) ((lanes)_mm512_ternarylogic_epi32((__m512i)(x),(__m512i)(y),(__m512i)(z),i))
#define ROUND(a, b, c, d, e, f, g, h, i) \
  do { \
    h += constants[i] + w[(i) & 15]; \
    h += T3(e,f,g,0xCA); \
    h += T3(ROTATE(e, 6), ROTATE(e, 11), ROTATE(e, 25),0x96); \
    d += h; \
    h += T3(a,b,c,0xE8); \
    h += T3(ROTATE(a, 2), ROTATE(a, 13), ROTATE(a, 22),0x96); \
  } while (0)

#define EIGHT_ROUNDS(i)                                                                                                 \
  ROUND(a, b, c, d, e, f, g, h, (i) + 0);                                                                               \
  ROUND(h, a, b, c, d, e, f, g, (i) + 1);                                                                               \
  ROUND(g, h, a, b, c, d, e, f, (i) + 2);                                                                               \
  ROUND(f, g, h, a, b, c, d, e, (i) + 3);                                                                               \
  ROUND(e, f, g, h, a, b, c, d, (i) + 4);                                                                               \
  ROUND(d, e, f, g, h, a, b, c, (i) + 5);                                                                               \
  ROUND(c, d, e, f, g, h, a, b, (i) + 6);                                                                               \
  ROUND(b, c, d, e, f, g, h, a, (i) + 7)

// Hashes `blocks` blocks of each lane into its state; `stride` is 0 for a lane that idles on one block, else 64.
WIDE static void compress(lanes state[8], const uint8_t *inputs[LANES], const size_t stride[LANES], size_t blocks) {
  for (; blocks > 0; blocks--) {
    lanes w[16], rows[16], turned[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES; i++) {
      rows[i] = (lanes)_mm512_loadu_si512(inputs[i]);
      inputs[i] += stride[i];
    }
    TRANSPOSE(w, rows, turned);
    lanes a = state[0], b = state[1], c = state[2], d = state[3];
    lanes e = state[4], f = state[5], g = state[6], h = state[7];
#pragma clang loop unroll(disable)
    for (int i = 0; i < 64; i += 16) {
      EIGHT_ROUNDS(i);
      EIGHT_ROUNDS(i + 8);
      if (i == 48) break;
#pragma clang loop unroll(full)
      for (int j = 0; j < 16; j++) {
        lanes x = w[(j + 1) & 15], y = w[(j + 14) & 15];
        w[j] += w[(j+9)&15]; w[j] += T3(ROTATE(x,7),ROTATE(x,18),x>>3,0x96); w[j]+=T3(ROTATE(y,17),ROTATE(y,19),y>>10,0x96);
      }
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
}

// One message on its way through a lane: first its whole blocks, then the rest with the padding.
struct job {
  size_t message;
  size_t left;  // blocks
  int padded;
  uint8_t tail[2 * BLOCK];
};

static void start(struct job *job, const uint8_t *const *inputs, const size_t *sizes, size_t message) {
  size_t size = sizes[message], rest = size % BLOCK;
  job->message = message;
  job->left = size / BLOCK;
  job->padded = 0;
  memset(job->tail, 0, sizeof job->tail);
  if (rest > 0) memcpy(job->tail, inputs[message] + size - rest, rest);
  job->tail[rest] = 0x80;
  size_t end = rest + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
  for (int i = 0; i < 8; i++) job->tail[end - 1 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
}

int decant_sha256_many(const uint8_t *const *inputs, const size_t *sizes, size_t count, uint8_t *digests) {
  if (!__builtin_cpu_supports("x86-64-v4")) return 0;
  _Alignas(64) uint32_t state[8][LANES];
  static const uint8_t nothing[BLOCK];
  struct job jobs[LANES];
  const uint8_t *from[LANES];
  size_t stride[LANES], next = 0, active = 0;
  for (int lane = 0; lane < LANES; lane++) jobs[lane].message = count;
  for (;;) {
    size_t steps = SIZE_MAX;
    for (int lane = 0; lane < LANES; lane++) {
      struct job *job = &jobs[lane];
      while (job->message == count || job->left == 0) {
        if (job->message < count && !job->padded) {
          size_t rest = sizes[job->message] % BLOCK;
          job->padded = 1;
          job->left = rest + 9 <= BLOCK ? 1 : 2;
          from[lane] = job->tail;
          break;
        }
        if (job->message < count) {
          for (int i = 0; i < 32; i++) digests[32 * job->message + i] = (uint8_t)(state[i / 4][lane] >> 8 * (3 - i % 4));
          job->message = count;
          active--;
        }
        from[lane] = nothing;
        stride[lane] = 0;
        if (next == count) break;
        start(job, inputs, sizes, next);
        for (int i = 0; i < 8; i++) state[i][lane] = initial[i];
        from[lane] = inputs[next++];
        stride[lane] = BLOCK;
        active++;
      }
      if (job->message < count && job->left < steps) steps = job->left;
    }
    if (active == 0) return 1;
    compress((lanes *)state, from, stride, steps);
    for (int lane = 0; lane < LANES; lane++)
      if (jobs[lane].message < count) jobs[lane].left -= steps;
  }
}

#else

int decant_sha256_many(const uint8_t *const *inputs, const size_t *sizes, size_t count, uint8_t *digests) {
  (void)inputs, (void)sizes, (void)count, (void)digests;
  return 0;
}

#endif
