// WebP by libwebp.
#include "images.h"
#include <limits.h>
#include <pthread.h>

static struct {
  int (*WebPGetInfo)(const uint8_t *, size_t, int *, int *);
  uint8_t *(*WebPDecodeRGBAInto)(const uint8_t *, size_t, uint8_t *, size_t, int);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_open;

static void load(void) {
  static const char *const names[] = {"libwebp.so.7", "libwebp.so.6", "libwebp.dylib", NULL};
  const Symbol symbols[] = {SYMBOL(library, WebPGetInfo), SYMBOL(library, WebPDecodeRGBAInto)};
  is_open = decant_open_library(names, symbols, sizeof symbols / sizeof *symbols);
}

static bool open_library(void) {
  pthread_once(&once, load);
  return is_open;
}

static bool size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height) {
  int w = 0, h = 0;
  if (!library.WebPGetInfo(bytes, count, &w, &h) || w <= 0 || h <= 0) return false;
  *width = (uint32_t)w, *height = (uint32_t)h;
  return true;
}

static bool pixels(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels) {
  uint32_t w = 0, h = 0;
  if (!size(bytes, count, &w, &h) || w != width || h != height || width > INT_MAX / 4) return false;
  size_t row = (size_t)width * 4;
  return library.WebPDecodeRGBAInto(bytes, count, pixels, row * height, (int)row) != NULL;
}

const Decoder decant_webp = {open_library, size, pixels};
