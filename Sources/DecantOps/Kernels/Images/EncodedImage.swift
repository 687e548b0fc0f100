internal import CImages
internal import DecantIR

/// Pixels in rows from the top.
struct RasterImage {
  let width: Int
  let height: Int
  /// Red, green, blue and a byte that means nothing for each pixel.
  var pixels: [UInt8]

  /// A black image. Precondition: the size has been checked.
  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    pixels = [UInt8](repeating: 0, count: 4 * width * height)
  }

  /// Sets the pixel in column `x` of row `y`.
  mutating func set(_ x: Int, _ y: Int, _ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    let start = 4 * (y * width + x)
    (pixels[start], pixels[start + 1], pixels[start + 2]) = (red, green, blue)
  }
}

/// The bytes of an image file, whose format its first bytes tell.
struct EncodedImage {
  let bytes: [UInt8]

  /// The little-endian number of `count` bytes at `offset`; nil past the end.
  func number(at offset: Int, _ count: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - count else { return nil }
    return (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }

  /// The image; nil when the bytes are none.
  ///
  /// - Throws: ``OpError`` for an image beyond the budget, and when the library that decodes the format is missing.
  func decoded(_ context: EvaluationContext) throws(OpError) -> RasterImage? {
    if starts(with: [0x42, 0x4d]) { return try BitmapFile(self)?.decoded(context) }
    if bytes.count > 1, bytes[0] == 0x50, (0x31...0x36).contains(bytes[1]) {
      return try PortableMap(self)?.decoded(context)
    }
    guard let library = ImageLibrary.all.first(where: { $0.signatures.contains(where: starts) }) else { return nil }
    if library.format == DECANT_IMAGE_WEBP, bytes.count < 12 || bytes[8..<12] != [0x57, 0x45, 0x42, 0x50] {
      return nil
    }
    return try decoded(by: library, context)
  }

  private func starts(with signature: [UInt8]) -> Bool { bytes.starts(with: signature) }

  private func decoded(by library: ImageLibrary, _ context: EvaluationContext) throws(OpError) -> RasterImage? {
    var (width, height): (UInt32, UInt32) = (0, 0)
    let format = Int32(library.format)
    let status = unsafe bytes.withUnsafeBufferPointer {
      unsafe decant_image_size(format, $0.baseAddress, $0.count, &width, &height)
    }
    guard status != DECANT_IMAGE_NO_LIBRARY else { throw library.missing }
    guard status == DECANT_IMAGE_DECODED else { return nil }
    try context.checkSize(.uint8, shape: [Int(height), Int(width), 4])
    var image = RasterImage(width: Int(width), height: Int(height))
    let isWhole = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe image.pixels.withUnsafeMutableBufferPointer { pixels in
        unsafe decant_image_pixels(format, bytes.baseAddress, bytes.count, width, height, pixels.baseAddress)
          == DECANT_IMAGE_DECODED
      }
    }
    return isWhole ? image : nil
  }
}

/// A format that a library of the system decodes.
struct ImageLibrary: Sendable {
  let format: Int
  /// What users call the format.
  let name: String
  /// Debian's package.
  let package: String
  /// What files of the format begin with.
  let signatures: [[UInt8]]

  static let all = [
    ImageLibrary(
      format: Int(DECANT_IMAGE_JPEG), name: "JPEG", package: "libturbojpeg0", signatures: [[0xff, 0xd8, 0xff]]),
    ImageLibrary(
      format: Int(DECANT_IMAGE_JPEG2000), name: "JPEG 2000", package: "libopenjp2-7",
      signatures: [[0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 13, 10, 0x87, 10], [0xff, 0x4f, 0xff, 0x51]]),
    ImageLibrary(
      format: Int(DECANT_IMAGE_PNG), name: "PNG", package: "libpng16-16",
      signatures: [[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]]),
    ImageLibrary(
      format: Int(DECANT_IMAGE_TIFF), name: "TIFF", package: "libtiff6",
      signatures: [[0x49, 0x49, 42, 0], [0x4d, 0x4d, 0, 42], [0x49, 0x49, 43, 0], [0x4d, 0x4d, 0, 43]]),
    ImageLibrary(
      format: Int(DECANT_IMAGE_WEBP), name: "WebP", package: "libwebp7", signatures: [[0x52, 0x49, 0x46, 0x46]]),
  ]

  /// The error for a library that is not installed.
  var missing: OpError {
    OpError(
      "\(name) images need the library of Debian's package '\(package)', and it is not installed", kind: .unsupported)
  }
}
