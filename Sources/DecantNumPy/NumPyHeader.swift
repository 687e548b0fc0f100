internal import DecantBytes
internal import DecantIR

/// What stands before the elements of a `.npy` file.
struct NumPyHeader: Equatable {
  var dataType: DataType
  /// Whether the elements are big-endian.
  var isBigEndian = false
  /// Whether the first axis varies fastest.
  var isFortranOrder = false
  var shape: [Int]
  /// Where the elements begin.
  var length = 0

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Enough for any shape; NumPy itself stops at 10,000.
  private static let textLimit = 65_536

  init(dataType: DataType, shape: [Int]) {
    self.dataType = dataType
    self.shape = shape
  }

  /// Reads the header at the beginning of `bytes`.
  ///
  /// - Throws: ``WireError`` for anything but versions 1 to 3 and a dictionary of the three known keys.
  init(reading bytes: ByteSlice) throws(WireError) {
    var cursor = ByteCursor(bytes)
    for expected in NumPyHeader.magic {
      guard try cursor.read(UInt8.self, "the magic number") == expected else {
        throw WireError(.malformed, at: cursor.offset - 1, "expected a .npy file, which begins with \\x93NUMPY")
      }
    }
    let major = try cursor.read(UInt8.self, "the version")
    _ = try cursor.read(UInt8.self, "the version")
    guard (1...3).contains(major) else {
      throw WireError(.unsupported, at: 6, "version \(major) of .npy, expected 1 to 3")
    }
    let limit = min(cursor.remaining, NumPyHeader.textLimit)
    let count =
      major == 1
      ? try cursor.readCount(UInt16.self, limit: limit, "the header's length")
      : try cursor.readCount(UInt32.self, limit: limit, "the header's length")
    let start = cursor.offset
    let slice = try cursor.readSlice(count, "the header")
    let text = unsafe slice.bytes.withUnsafeBytes { unsafe Array($0) }
    var parser = NumPyHeaderParser(text, offset: start)
    self = try parser.parse()
    length = cursor.offset
  }

  /// The header as bytes, padded so that what follows begins at a multiple of 64; nil for types that NumPy lacks.
  var encoded: [UInt8]? {
    guard let descriptor = NumPyType.descriptor(dataType) else { return nil }
    let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(extents)), }"
    let fixed = NumPyHeader.magic.count + 4
    let padding = 63 - (fixed + text.utf8.count) % 64
    let length = text.utf8.count + padding + 1
    let sizes: [UInt8] = [1, 0, UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)]
    return NumPyHeader.magic + sizes + Array(text.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0a]
  }
}
