package import DecantBytes

/// Recognizes files that are something else, and says what.
package enum ForeignFormat {
  private static let signatures: [(name: String, bytes: [UInt8])] = [
    ("gzip", [0x1F, 0x8B]),
    ("a ZIP archive", [0x50, 0x4B, 0x03, 0x04]),
    ("zstd", [0x28, 0xB5, 0x2F, 0xFD]),
    ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A]),
    ("HDF5", [0x89, 0x48, 0x44, 0x46]),
    ("GGUF", Array("GGUF".utf8)),
    ("a Git LFS pointer", Array("version https://git-lfs".utf8)),
    ("HTML", Array("<!DOCTYPE".utf8)),
  ]

  /// Refuses no bytes at all, and bytes that open as another format does.
  package static func refuse(_ bytes: ByteSlice) throws(DecantError) {
    guard bytes.count > 0 else {
      throw DecantError(.malformed, "expected an ONNX model, got an empty file")
    }
    let start = unsafe bytes[0..<min(bytes.count, 64)].bytes.withUnsafeBytes { unsafe Array($0) }
    for signature in signatures where start.starts(with: signature.bytes) {
      throw DecantError(
        .malformed, "expected a model, got \(signature.name)",
        note: signature.name == "a Git LFS pointer" ? "run 'git lfs pull' to get the file itself" : nil)
    }
    if isText(start) {
      throw DecantError(.unsupported, "expected a model, got text protobuf", note: "the binary form is read")
    }
  }

  /// The same, with the file at `path` in the message.
  package static func refuse(_ bytes: ByteSlice, in path: String) throws(DecantError) {
    do throws(DecantError) {
      try refuse(bytes)
    } catch {
      throw error.within(path)
    }
  }

  /// Whether the bytes are printable and spell a field of a text protobuf.
  private static func isText(_ start: [UInt8]) -> Bool {
    let isPrintable = start.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    guard isPrintable, let colon = start.firstIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "{") })
    else {
      return false
    }
    let word = start[..<colon].filter { $0 != 0x20 }
    return !word.isEmpty && word.allSatisfy { (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") }
  }
}
