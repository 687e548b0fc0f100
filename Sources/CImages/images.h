// What the decoders of this target have in common.
#ifndef DECANT_IMAGES_H
#define DECANT_IMAGES_H
#include "CImages.h"
#include <stdbool.h>

// A decoder of one format. Neither function is called before `open` returned true.
typedef struct {
  // Opens the library, once; whether it is there.
  bool (*open)(void);
  bool (*size)(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height);
  bool (*pixels)(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels);
} Decoder;

extern const Decoder decant_jpeg, decant_jpeg2000, decant_png, decant_tiff, decant_webp;

// A function of a library: its name, and the function pointer that is to hold its address.
typedef struct {
  const char *name;
  void *target;
} Symbol;

// Opens the first of the libraries `names`, which a null pointer ends, that has all `count` symbols, and fills them in.
bool decant_open_library(const char *const *names, const Symbol *symbols, size_t count);

// Entry of a table of symbols: the member of `library` that is named as the function is.
#define SYMBOL(library, function) {#function, &(library).function}
#endif
