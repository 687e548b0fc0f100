// PNG by libpng, through the interface of 1.6 that catches its own jumps.
#include "images.h"
#include <pthread.h>
#include <string.h>

typedef struct {
  void *opaque;
  uint32_t version, width, height, format, flags, colormap_entries, warning_or_error;
  char message[64];
} Image;

enum { VERSION = 1, PIXELS_RGBA = 3, SIXTEEN_BITS_ARE_SRGB = 4 };

static struct {
  int (*png_image_begin_read_from_memory)(Image *, const void *, size_t);
  int (*png_image_finish_read)(Image *, const void *, void *, int32_t, void *);
  void (*png_image_free)(Image *);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_open;

static void load(void) {
  static const char *const names[] = {"libpng16.so.16", "libpng16.dylib", NULL};
  const Symbol symbols[] = {
      SYMBOL(library, png_image_begin_read_from_memory),
      SYMBOL(library, png_image_finish_read),
      SYMBOL(library, png_image_free),
  };
  is_open = decant_open_library(names, symbols, sizeof symbols / sizeof *symbols);
}

static bool open_library(void) {
  pthread_once(&once, load);
  return is_open;
}

static bool begin(Image *image, const uint8_t *bytes, size_t count) {
  memset(image, 0, sizeof *image);
  image->version = VERSION;
  return library.png_image_begin_read_from_memory(image, bytes, count) != 0;
}

static bool size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height) {
  Image image;
  bool is_good = begin(&image, bytes, count);
  if (is_good) *width = image.width, *height = image.height;
  library.png_image_free(&image);
  return is_good;
}

static bool pixels(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels) {
  Image image;
  bool is_good = begin(&image, bytes, count) && image.width == width && image.height == height;
  if (is_good) {
    image.format = PIXELS_RGBA;
    image.flags |= SIXTEEN_BITS_ARE_SRGB;
    is_good = library.png_image_finish_read(&image, NULL, pixels, 0, NULL) != 0;
  }
  library.png_image_free(&image);
  return is_good;
}

const Decoder decant_png = {open_library, size, pixels};
