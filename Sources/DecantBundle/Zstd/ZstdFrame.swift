internal import CZstd
internal import DecantBytes

/// What Decant demands of a zstd frame before it is decompressed (RFC 8878, section 3.1.1).
enum ZstdFrame {
  /// Windows are no larger than this.
  static let windowLimit = 8 << 20

  /// Refuses what is not exactly one frame with a stated content size of `count`: skippable frames, dictionaries, large
  /// windows, reserved bits, frames in a row.
  static func check(_ frame: RawSpan, contains count: Int, at offset: Int) throws(WireError) {
    func refuse(_ message: String) -> WireError { WireError(.malformed, at: offset, "zstd frame \(message)") }
    func byte(_ index: Int) -> UInt8 { unsafe frame.unsafeLoad(fromByteOffset: index, as: UInt8.self) }
    guard frame.byteCount >= 6, byte(0) == 0x28, byte(1) == 0xB5, byte(2) == 0x2F, byte(3) == 0xFD else {
      throw refuse("expected, got other bytes")
    }
    let descriptor = byte(4)
    guard descriptor & 0b0001_1011 == 0 else {
      throw refuse("has reserved bits or a dictionary")
    }
    let isSingleSegment = descriptor & 0b0010_0000 != 0
    if !isSingleSegment {
      let (exponent, mantissa) = (Int(byte(5) >> 3), Int(byte(5) & 7))
      let window = (1 << (10 + exponent)) / 8 * (8 + mantissa)
      guard window <= windowLimit else {
        throw refuse("expected a window of at most \(windowLimit) bytes, got \(window)")
      }
    }
    let size = unsafe frame.withUnsafeBytes { unsafe ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    guard size == UInt64(count) else {
      let found = size > UInt64(Int64.max) ? "no size" : "\(size)"
      throw refuse("expected to state a size of \(count) bytes, got \(found)")
    }
    let length = unsafe frame.withUnsafeBytes { unsafe ZSTD_findFrameCompressedSize($0.baseAddress, $0.count) }
    guard ZSTD_isError(length) == 0, length == frame.byteCount else {
      throw refuse("expected to take \(frame.byteCount) bytes, got \(ZSTD_isError(length) == 0 ? "\(length)" : "more")")
    }
  }
}
