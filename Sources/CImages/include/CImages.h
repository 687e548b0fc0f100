// Images decoded by the libraries of the system, which are opened when the first image asks for them: none is linked.
//
// Bytes come from anywhere. Nothing here jumps, prints, or keeps state between calls beyond the opened libraries.
#ifndef DECANT_CIMAGES_H
#define DECANT_CIMAGES_H
#include <stddef.h>
#include <stdint.h>

// The formats, and who decodes them.
enum {
  DECANT_IMAGE_JPEG,      // libturbojpeg
  DECANT_IMAGE_JPEG2000,  // libopenjp2
  DECANT_IMAGE_PNG,       // libpng16
  DECANT_IMAGE_TIFF,      // libtiff
  DECANT_IMAGE_WEBP,      // libwebp
};

// What came of a call.
enum {
  DECANT_IMAGE_DECODED,
  DECANT_IMAGE_BROKEN,      // the bytes are no image of the format, or one that the library does not decode
  DECANT_IMAGE_NO_LIBRARY,  // the library is not installed
};

// Reads the extent of an image in pixels, 1 or more each way.
int decant_image_size(int format, const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height);

// Decodes an image to red, green, blue and a byte that means nothing for each pixel, rows from the top.
//
// `width` and `height` are those that decant_image_size gave, and `pixels` has room for 4 bytes of each.
int decant_image_pixels(
    int format, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels);
#endif
