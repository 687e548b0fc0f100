#ifndef DECANT_CSCHEMAS_H
#define DECANT_CSCHEMAS_H
#include <protobuf-c/protobuf-c.h>
#endif
