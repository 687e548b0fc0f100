#include "images.h"
#include <dlfcn.h>
#include <string.h>

bool decant_open_library(const char *const *names, const Symbol *symbols, size_t count) {
  for (; *names; names++) {
    void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
    if (!library) continue;
    size_t found = 0;
    for (; found < count; found++) {
      void *address = dlsym(library, symbols[found].name);
      if (!address) break;
      memcpy(symbols[found].target, &address, sizeof address);
    }
    if (found == count) return true;
    dlclose(library);
  }
  return false;
}

static const Decoder *decoder(int format) {
  switch (format) {
    case DECANT_IMAGE_JPEG: return &decant_jpeg;
    case DECANT_IMAGE_JPEG2000: return &decant_jpeg2000;
    case DECANT_IMAGE_PNG: return &decant_png;
    case DECANT_IMAGE_TIFF: return &decant_tiff;
    case DECANT_IMAGE_WEBP: return &decant_webp;
    default: return NULL;
  }
}

int decant_image_size(int format, const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height) {
  const Decoder *self = decoder(format);
  if (!self) return DECANT_IMAGE_BROKEN;
  if (!self->open()) return DECANT_IMAGE_NO_LIBRARY;
  *width = *height = 0;
  return self->size(bytes, count, width, height) && *width && *height ? DECANT_IMAGE_DECODED : DECANT_IMAGE_BROKEN;
}

int decant_image_pixels(
    int format, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels) {
  const Decoder *self = decoder(format);
  if (!self) return DECANT_IMAGE_BROKEN;
  if (!self->open()) return DECANT_IMAGE_NO_LIBRARY;
  return self->pixels(bytes, count, width, height, pixels) ? DECANT_IMAGE_DECODED : DECANT_IMAGE_BROKEN;
}
