// TIFF by libtiff 4.5 or later, from memory.
#include "images.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

typedef struct File File;
typedef struct Options Options;
typedef int64_t (*Transfer)(void *, void *, int64_t);
typedef uint64_t (*Seek)(void *, uint64_t, int);
typedef int (*Close)(void *);
typedef uint64_t (*Size)(void *);

enum { WIDTH = 256, HEIGHT = 257, TOP_LEFT = 1 };
// No table or strip of a file asks for more than this at once.
enum { LARGEST_ALLOCATION = 1 << 30 };

static struct {
  Options *(*TIFFOpenOptionsAlloc)(void);
  void (*TIFFOpenOptionsFree)(Options *);
  void (*TIFFOpenOptionsSetMaxSingleMemAlloc)(Options *, int64_t);
  File *(*TIFFClientOpenExt)(
      const char *, const char *, void *, Transfer, Transfer, Seek, Close, Size, void *, void *, Options *);
  void (*TIFFClose)(File *);
  int (*TIFFGetField)(File *, uint32_t, ...);
  int (*TIFFReadRGBAImageOriented)(File *, uint32_t, uint32_t, uint32_t *, int, int);
  void *(*TIFFSetErrorHandler)(void *);
  void *(*TIFFSetWarningHandler)(void *);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_open;

static void load(void) {
  static const char *const names[] = {"libtiff.so.6", "libtiff.dylib", NULL};
  const Symbol symbols[] = {
      SYMBOL(library, TIFFOpenOptionsAlloc),
      SYMBOL(library, TIFFOpenOptionsFree),
      SYMBOL(library, TIFFOpenOptionsSetMaxSingleMemAlloc),
      SYMBOL(library, TIFFClientOpenExt),
      SYMBOL(library, TIFFClose),
      SYMBOL(library, TIFFGetField),
      SYMBOL(library, TIFFReadRGBAImageOriented),
      SYMBOL(library, TIFFSetErrorHandler),
      SYMBOL(library, TIFFSetWarningHandler),
  };
  is_open = decant_open_library(names, symbols, sizeof symbols / sizeof *symbols);
  if (!is_open) return;
  library.TIFFSetErrorHandler(NULL);
  library.TIFFSetWarningHandler(NULL);
}

static bool open_library(void) {
  pthread_once(&once, load);
  return is_open;
}

typedef struct {
  const uint8_t *bytes;
  uint64_t count, position;
} Source;

static int64_t read_bytes(void *context, void *target, int64_t wanted) {
  Source *source = context;
  if (wanted <= 0 || source->position >= source->count) return 0;
  uint64_t left = source->count - source->position;
  uint64_t given = (uint64_t)wanted < left ? (uint64_t)wanted : left;
  memcpy(target, source->bytes + source->position, given);
  source->position += given;
  return (int64_t)given;
}

static int64_t write_bytes(void *context, void *bytes, int64_t count) {
  (void)context, (void)bytes, (void)count;
  return 0;
}

static uint64_t seek(void *context, uint64_t offset, int whence) {
  Source *source = context;
  uint64_t base = whence == SEEK_CUR ? source->position : whence == SEEK_END ? source->count : 0;
  return source->position = base + offset;
}

static int close_source(void *context) {
  (void)context;
  return 0;
}

static uint64_t source_size(void *context) { return ((Source *)context)->count; }

// A file over the bytes, its memory not mapped; NULL when they are none.
static File *open_file(Source *source) {
  Options *options = library.TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  library.TIFFOpenOptionsSetMaxSingleMemAlloc(options, LARGEST_ALLOCATION);
  File *file = library.TIFFClientOpenExt(
      "image", "rm", source, read_bytes, write_bytes, seek, close_source, source_size, NULL, NULL, options);
  library.TIFFOpenOptionsFree(options);
  return file;
}

static bool extent(File *file, uint32_t *width, uint32_t *height) {
  return library.TIFFGetField(file, WIDTH, width) && library.TIFFGetField(file, HEIGHT, height);
}

static bool size(const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height) {
  Source source = {bytes, count, 0};
  File *file = open_file(&source);
  if (!file) return false;
  bool is_good = extent(file, width, height);
  library.TIFFClose(file);
  return is_good;
}

static bool pixels(const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels) {
  Source source = {bytes, count, 0};
  File *file = open_file(&source);
  if (!file) return false;
  uint32_t w = 0, h = 0;
  bool is_good = extent(file, &w, &h) && w == width && h == height &&
                 library.TIFFReadRGBAImageOriented(file, w, h, (uint32_t *)(void *)pixels, TOP_LEFT, 1);
  library.TIFFClose(file);
  return is_good;
}

const Decoder decant_tiff = {open_library, size, pixels};
