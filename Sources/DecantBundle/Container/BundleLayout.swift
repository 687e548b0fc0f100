internal import DecantBytes

/// The fixed parts of a bundle: 16 bytes at its start, 64 at its end.
///
/// Header, chunks, manifest and trailer follow each other without a gap, so every byte of the file is checked by something.
enum BundleLayout {
  static let headerSize = 16
  static let trailerSize = 64
  static let version: UInt32 = 1
  /// No chunk holds more.
  static let chunkLimit = 64 << 20

  /// `\x89DCNT\r\n\x1A`: tells text conversions and truncations, as PNG's does.
  static let magic: [UInt8] = [0x89, 0x44, 0x43, 0x4E, 0x54, 0x0D, 0x0A, 0x1A]

  /// The magic, the version, and 4 bytes of zero.
  static var header: [UInt8] { magic + littleEndian(version) + [0, 0, 0, 0] }

  static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// Refuses bytes that do not begin as a bundle of a known version.
  static func checkHeader(_ bytes: ByteSlice) throws(WireError) {
    var cursor = ByteCursor(bytes)
    guard try cursor.readSlice(magic.count, "the header") == ByteSlice(copying: magic) else {
      throw WireError(.malformed, at: 0, "expected a bundle, got other bytes")
    }
    let version = try cursor.read(UInt32.self, "the version")
    guard version == Self.version else {
      throw WireError(.unsupported, at: 8, "expected version \(Self.version) of the bundle format, got \(version)")
    }
    guard try cursor.read(UInt32.self, "the header") == 0 else {
      throw WireError(.malformed, at: 12, "expected four zero bytes in the header, got others")
    }
  }
}

/// The last 64 bytes of a bundle: where the manifest is, its digest, the size of the file, and the magic again.
struct BundleTrailer {
  var manifest: Range<Int>
  var digest: SHA256Digest

  /// The trailer as it stands in the file.
  var bytes: [UInt8] {
    BundleLayout.littleEndian(UInt64(manifest.lowerBound)) + BundleLayout.littleEndian(UInt64(manifest.count))
      + digest.bytes + BundleLayout.littleEndian(UInt64(manifest.upperBound + BundleLayout.trailerSize))
      + BundleLayout.magic
  }

  init(manifest: Range<Int>, digest: SHA256Digest) {
    self.manifest = manifest
    self.digest = digest
  }

  /// Reads the trailer of the bundle `file`.
  init(readingFrom file: ByteSlice) throws(WireError) {
    let start = file.count - BundleLayout.trailerSize
    guard start >= BundleLayout.headerSize else {
      throw WireError(.truncated, at: file.count, "expected a bundle of at least 80 bytes, got \(file.count)")
    }
    var cursor = ByteCursor(file[start..<file.count], base: start)
    let first = try cursor.readSize("the manifest's offset")
    let count = try cursor.readSize("the manifest's size")
    let digest = try cursor.readSlice(32, "the manifest's digest")
    let size = try cursor.readSize("the file's size")
    guard try cursor.readSlice(BundleLayout.magic.count, "the trailer") == ByteSlice(copying: BundleLayout.magic) else {
      throw WireError(.truncated, at: start + 56, "expected the end of a bundle, got other bytes")
    }
    guard size == file.count else {
      throw WireError(.malformed, at: start + 48, "expected a bundle of \(size) bytes, got \(file.count)")
    }
    let (end, overflow) = first.addingReportingOverflow(count)
    guard !overflow, first >= BundleLayout.headerSize, end == start else {
      throw WireError(
        .malformed, at: start, "expected a manifest that ends at byte \(start), got \(count) bytes at byte \(first)")
    }
    guard let digest = unsafe SHA256Digest(digest.bytes.withUnsafeBytes { unsafe Array($0) }) else {
      throw WireError(.malformed, at: start + 16, "expected a digest")
    }
    self.init(manifest: first..<end, digest: digest)
  }
}
