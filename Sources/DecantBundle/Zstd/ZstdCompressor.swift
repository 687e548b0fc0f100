internal import CZstd
internal import DecantBytes

/// Makes zstd frames that carry their content size, and depend on the input alone.
///
/// They have no checksum: each chunk has a digest, and checking twice would cost a tenth of the time of an extraction.
@safe final class ZstdCompressor {
  private let context: OpaquePointer

  /// A compressor at `level`.
  ///
  /// With `entropyOnly`, it looks for no matches and codes all bytes with one Huffman table a frame.
  init(level: Int32, entropyOnly: Bool = false) throws(DecantError) {
    guard let context = unsafe ZSTD_createCCtx() else {
      throw DecantError(.overBudget, "no memory for a zstd compressor")
    }
    unsafe self.context = context
    try set(ZSTD_c_compressionLevel, level)
    try set(ZSTD_c_contentSizeFlag, 1)
    // ZSTD_c_literalCompressionMode = ZSTD_ps_enable: Huffman also where the level would store literals.
    if entropyOnly { try set(ZSTD_c_experimentalParam5, 1) }
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  /// The most bytes that a frame of `count` bytes takes.
  static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  /// Writes `source` as one frame to `target` from `offset` on, and returns how many bytes it takes; nil when it does not fit.
  func compress(_ source: RawSpan, into target: inout MutableRawSpan, at offset: Int) -> Int? {
    let status = unsafe target.withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { source in
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset...])
        return unsafe ZSTD_compress2(context, rest.baseAddress, rest.count, source.baseAddress, source.count)
      }
    }
    return ZSTD_isError(status) == 0 ? status : nil
  }

  private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(DecantError) {
    let status = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
    guard ZSTD_isError(status) == 0 else {
      let name = unsafe String(cString: ZSTD_getErrorName(status))
      throw DecantError(.internal, "zstd \(ZstdVersion.current) refuses a parameter: \(name)")
    }
  }
}

/// The version of zstd that is linked.
enum ZstdVersion {
  /// As in `1.5.4`.
  static var current: String { unsafe String(cString: ZSTD_versionString()) }
}
