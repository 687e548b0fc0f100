internal import CZstd
internal import DecantBytes

/// Reads zstd frames of a size that is known beforehand.
@safe final class ZstdDecompressor {
  private let context: OpaquePointer

  init() throws(DecantError) {
    guard let context = unsafe ZSTD_createDCtx() else {
      throw DecantError(.overBudget, "no memory for a zstd decompressor")
    }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  /// Fills `range` of `target` with the content of `frame`, which is one frame and nothing else.
  ///
  /// Never writes outside of `range`. `offset` is where the frame lies in the bundle, for errors.
  func decompress(
    _ frame: RawSpan, into target: inout MutableRawSpan, _ range: Range<Int>, at offset: Int
  ) throws(WireError) {
    try ZstdFrame.check(frame, contains: range.count, at: offset)
    let status = unsafe target.withUnsafeMutableBytes { target in
      unsafe frame.withUnsafeBytes { frame in
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: target[range])
        return unsafe ZSTD_decompressDCtx(context, part.baseAddress, part.count, frame.baseAddress, frame.count)
      }
    }
    guard ZSTD_isError(status) == 0 else {
      let name = unsafe String(cString: ZSTD_getErrorName(status)).lowercased()
      throw WireError(.malformed, at: offset, "zstd frame: \(name)")
    }
    guard status == range.count else {
      throw WireError(.malformed, at: offset, "zstd frame expected to hold \(range.count) bytes, got \(status)")
    }
  }
}
