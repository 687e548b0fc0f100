// The few memory-bound loops that need run-time CPU dispatch; each is tested against a plain Swift reference.
#ifndef DECANT_CKERNELS_H
#define DECANT_CKERNELS_H
#include <stddef.h>
#include <stdint.h>
#include "CFiles.h"
#endif
