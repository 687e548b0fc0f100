// Scales as a file stores them.
#ifndef DECANT_STORED_H
#define DECANT_STORED_H
#include "CKernels.h"
#include "dispatch.h"

// A scale rounded to its type: 0 float, 1 half, 2 bfloat16.
INLINED float stored(float scale, int type) {
  uint16_t half;
  float wide;
  switch (type) {
  case 1:
    decant_f32_to_f16(&scale, 1, &half);
    decant_f16_to_f32(&half, 1, &wide);
    return wide;
  case 2:
    decant_f32_to_bf16(&scale, 1, &half);
    decant_bf16_to_f32(&half, 1, &wide);
    return wide;
  default: return scale;
  }
}
#endif
