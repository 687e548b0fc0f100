// JPEG by libturbojpeg, through the interface that all its versions have.
#include "images.h"
#include <limits.h>
#include <pthread.h>
#include <string.h>

typedef void *Handle;

enum { PIXELS_RGBX = 2, ACCURATE = 4096, LIMIT_SCANS = 32768, WARNING = 0 };

static struct {
  Handle (*tjInitDecompress)(void);
  int (*tjDecompressHeader3)(Handle, const uint8_t *, unsigned long, int *, int *, int *, int *);
  int (*tjDecompress2)(Handle, const uint8_t *, unsigned long, uint8_t *, int, int, int, int, int);
  int (*tjGetErrorCode)(Handle);
  char *(*tjGetErrorStr2)(Handle);
  int (*tjDestroy)(Handle);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_open;

static void load(void) {
  static const char *const names[] = {"libturbojpeg.so.0", "libturbojpeg.dylib", NULL};
  const Symbol symbols[] = {
      SYMBOL(library, tjInitDecompress), SYMBOL(library, tjDecompressHeader3), SYMBOL(library, tjDecompress2),
      SYMBOL(library, tjGetErrorCode),   SYMBOL(library, tjGetErrorStr2),      SYMBOL(library, tjDestroy),
  };
  is_open = decant_open_library(names, symbols, sizeof symbols / sizeof *symbols);
}

static bool open_library(void) {
  pthread_once(&once, load);
  return is_open;
}

static bool header(Handle handle, const uint8_t *bytes, size_t count, int *width, int *height) {
  int subsampling, colors;
  return library.tjDecompressHeader3(handle, bytes, count, width, height, &subsampling, &colors) == 0 && *width > 0 &&
         *height > 0;
}

static bool size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height) {
  Handle handle = library.tjInitDecompress();
  if (!handle) return false;
  int w = 0, h = 0;
  bool is_good = header(handle, bytes, count, &w, &h);
  library.tjDestroy(handle);
  if (is_good) *width = (uint32_t)w, *height = (uint32_t)h;
  return is_good;
}

// Warnings are of stray bytes, which many files have; but one of them is of an image that ends early.
static bool is_whole(Handle handle, int status) {
  if (status == 0) return true;
  return library.tjGetErrorCode(handle) == WARNING && !strstr(library.tjGetErrorStr2(handle), "remature end");
}

static bool pixels(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels) {
  if (width > INT_MAX / 4 || height > INT_MAX) return false;
  Handle handle = library.tjInitDecompress();
  if (!handle) return false;
  int w = 0, h = 0;
  bool is_good = header(handle, bytes, count, &w, &h) && (uint32_t)w == width && (uint32_t)h == height;
  if (is_good) {
    int flags = ACCURATE | LIMIT_SCANS;
    int status = library.tjDecompress2(handle, bytes, count, pixels, w, w * 4, h, PIXELS_RGBX, flags);
    is_good = is_whole(handle, status);
  }
  library.tjDestroy(handle);
  return is_good;
}

const Decoder decant_jpeg = {open_library, size, pixels};
