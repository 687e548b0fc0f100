// JPEG 2000 by libopenjp2: files and bare code streams of 1, 3 or 4 components, and 2 where the second is opacity.
#include "images.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct Codec Codec;
typedef struct Stream Stream;

typedef struct {
  uint32_t dx, dy, width, height, x0, y0, precision, bpp, is_signed, resolutions, factor;
  int32_t *data;
  uint16_t alpha;
} Component;

typedef struct {
  uint32_t x0, y0, x1, y1, count;
  int32_t color_space;
  Component *components;
  uint8_t *profile;
  uint32_t profile_length;
} Image;

// The decoder's parameters, of which none is set here: larger than those of any version of the library.
typedef struct {
  _Alignas(16) unsigned char bytes[16384];
} Parameters;

enum { CODE_STREAM = 0, FILE_FORMAT = 2, COLORS_SYCC = 3 };

static struct {
  Codec *(*opj_create_decompress)(int);
  void (*opj_set_default_decoder_parameters)(Parameters *);
  int (*opj_setup_decoder)(Codec *, Parameters *);
  int (*opj_read_header)(Stream *, Codec *, Image **);
  int (*opj_decode)(Codec *, Stream *, Image *);
  void (*opj_destroy_codec)(Codec *);
  void (*opj_image_destroy)(Image *);
  Stream *(*opj_stream_create)(size_t, int);
  void (*opj_stream_destroy)(Stream *);
  void (*opj_stream_set_read_function)(Stream *, size_t (*)(void *, size_t, void *));
  void (*opj_stream_set_skip_function)(Stream *, int64_t (*)(int64_t, void *));
  void (*opj_stream_set_seek_function)(Stream *, int (*)(int64_t, void *));
  void (*opj_stream_set_user_data)(Stream *, void *, void (*)(void *));
  void (*opj_stream_set_user_data_length)(Stream *, uint64_t);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_open;

static void load(void) {
  static const char *const names[] = {"libopenjp2.so.7", "libopenjp2.dylib", NULL};
  const Symbol symbols[] = {
      SYMBOL(library, opj_create_decompress),
      SYMBOL(library, opj_set_default_decoder_parameters),
      SYMBOL(library, opj_setup_decoder),
      SYMBOL(library, opj_read_header),
      SYMBOL(library, opj_decode),
      SYMBOL(library, opj_destroy_codec),
      SYMBOL(library, opj_image_destroy),
      SYMBOL(library, opj_stream_create),
      SYMBOL(library, opj_stream_destroy),
      SYMBOL(library, opj_stream_set_read_function),
      SYMBOL(library, opj_stream_set_skip_function),
      SYMBOL(library, opj_stream_set_seek_function),
      SYMBOL(library, opj_stream_set_user_data),
      SYMBOL(library, opj_stream_set_user_data_length),
  };
  is_open = decant_open_library(names, symbols, sizeof symbols / sizeof *symbols);
}

static bool open_library(void) {
  pthread_once(&once, load);
  return is_open;
}

// MARK: The stream

typedef struct {
  const uint8_t *bytes;
  size_t count, position;
} Source;

static size_t read_bytes(void *target, size_t wanted, void *context) {
  Source *source = context;
  size_t left = source->count - source->position;
  if (left == 0) return (size_t)-1;
  size_t given = wanted < left ? wanted : left;
  memcpy(target, source->bytes + source->position, given);
  source->position += given;
  return given;
}

static int seek(int64_t position, void *context) {
  Source *source = context;
  if (position < 0 || (uint64_t)position > source->count) return 0;
  source->position = (size_t)position;
  return 1;
}

static int64_t skip(int64_t distance, void *context) {
  Source *source = context;
  int64_t position = (int64_t)source->position;
  if (distance < -position || distance > (int64_t)(source->count - source->position)) return -1;
  source->position = (size_t)(position + distance);
  return distance;
}

// MARK: Decoding

typedef struct {
  Source source;
  Codec *codec;
  Stream *stream;
  Image *image;
} Decoding;

// Reads the header; whether it is that of an image that can be decoded here.
static bool begin(Decoding *self, const uint8_t *bytes, size_t count) {
  self->source = (Source){bytes, count, 0};
  bool is_bare = count > 2 && bytes[0] == 0xff && bytes[1] == 0x4f;
  self->codec = library.opj_create_decompress(is_bare ? CODE_STREAM : FILE_FORMAT);
  self->stream = library.opj_stream_create(1 << 16, 1);
  if (!self->codec || !self->stream) return false;
  library.opj_stream_set_read_function(self->stream, read_bytes);
  library.opj_stream_set_skip_function(self->stream, skip);
  library.opj_stream_set_seek_function(self->stream, seek);
  library.opj_stream_set_user_data(self->stream, &self->source, NULL);
  library.opj_stream_set_user_data_length(self->stream, count);
  Parameters parameters;
  memset(&parameters, 0, sizeof parameters);
  library.opj_set_default_decoder_parameters(&parameters);
  if (!library.opj_setup_decoder(self->codec, &parameters)) return false;
  if (!library.opj_read_header(self->stream, self->codec, &self->image)) return false;
  const Image *image = self->image;
  return image && image->x1 > image->x0 && image->y1 > image->y0 && image->count >= 1 && image->count <= 4;
}

static void end(Decoding *self) {
  if (self->image) library.opj_image_destroy(self->image);
  if (self->stream) library.opj_stream_destroy(self->stream);
  if (self->codec) library.opj_destroy_codec(self->codec);
}

static bool size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height) {
  Decoding decoding = {0};
  bool is_good = begin(&decoding, bytes, count);
  if (is_good) *width = decoding.image->x1 - decoding.image->x0, *height = decoding.image->y1 - decoding.image->y0;
  end(&decoding);
  return is_good;
}

// MARK: Pixels

// The sample at a place, in 0...255.
static int32_t sample(const Component *component, uint32_t x, uint32_t y) {
  uint32_t column = x / component->dx, row = y / component->dy;
  if (column >= component->width) column = component->width - 1;
  if (row >= component->height) row = component->height - 1;
  int64_t value = component->data[(size_t)row * component->width + column];
  uint32_t precision = component->precision;
  if (component->is_signed) value += (int64_t)1 << (precision - 1);
  if (precision > 8) value = (value + ((int64_t)1 << (precision - 9))) >> (precision - 8);
  if (precision < 8) value <<= 8 - precision;
  return value < 0 ? 0 : value > 255 ? 255 : (int32_t)value;
}

static uint8_t clamped(double value) { return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5); }

static bool is_readable(const Image *image) {
  for (uint32_t index = 0; index < image->count; index++) {
    const Component *component = &image->components[index];
    if (!component->data || !component->width || !component->height || !component->dx || !component->dy) return false;
    if (component->precision < 1 || component->precision > 31) return false;
  }
  return true;
}

static void convert(const Image *image, uint32_t width, uint32_t height, uint8_t *pixels) {
  const Component *components = image->components;
  bool has_colors = image->count >= 3;
  for (uint32_t y = 0; y < height; y++) {
    for (uint32_t x = 0; x < width; x++, pixels += 4) {
      int32_t first = sample(&components[0], x, y);
      int32_t second = has_colors ? sample(&components[1], x, y) : first;
      int32_t third = has_colors ? sample(&components[2], x, y) : first;
      if (has_colors && image->color_space == COLORS_SYCC) {
        double blue = second - 128, red = third - 128;
        pixels[0] = clamped(first + 1.402 * red);
        pixels[1] = clamped(first - 0.344136 * blue - 0.714136 * red);
        pixels[2] = clamped(first + 1.772 * blue);
      } else {
        pixels[0] = (uint8_t)first, pixels[1] = (uint8_t)second, pixels[2] = (uint8_t)third;
      }
      pixels[3] = 255;
    }
  }
}

static bool pixels(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels) {
  Decoding decoding = {0};
  bool is_good = begin(&decoding, bytes, count) && decoding.image->x1 - decoding.image->x0 == width &&
                 decoding.image->y1 - decoding.image->y0 == height &&
                 library.opj_decode(decoding.codec, decoding.stream, decoding.image) && is_readable(decoding.image);
  if (is_good) convert(decoding.image, width, height, pixels);
  end(&decoding);
  return is_good;
}

const Decoder decant_jpeg2000 = {open_library, size, pixels};
