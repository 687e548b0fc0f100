#ifndef DECANT_CONEDNN_H
#define DECANT_CONEDNN_H
#include <oneapi/dnnl/dnnl.h>
#endif
