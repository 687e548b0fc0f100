internal import DecantBytes
internal import DecantIR

/// Reads the dictionary of a `.npy` header: three known keys, and literals of the kinds that NumPy writes. Nothing is
/// evaluated.
struct NumPyHeaderParser {
  private let text: [UInt8]
  private let offset: Int
  private var position = 0

  init(_ text: [UInt8], offset: Int) {
    self.text = text
    self.offset = offset
  }

  mutating func parse() throws(WireError) -> NumPyHeader {
    var element: (type: DataType, isBigEndian: Bool)?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while !accept("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where element == nil: element = try descriptor()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where shape == nil: shape = try tuple()
      default: throw failure("expected the keys 'descr', 'fortran_order' and 'shape' once each, got '\(key)'")
      }
      guard accept(",") || peek() == UInt8(ascii: "}") else { throw failure("expected ',' or '}'") }
    }
    skipSpace()
    guard position == text.count else { throw failure("expected nothing after the dictionary") }
    guard let element, let isFortranOrder, let shape else {
      throw failure("expected the keys 'descr', 'fortran_order' and 'shape'")
    }
    var header = NumPyHeader(dataType: element.type, shape: shape)
    header.isBigEndian = element.isBigEndian
    header.isFortranOrder = isFortranOrder
    return header
  }

  private mutating func descriptor() throws(WireError) -> (type: DataType, isBigEndian: Bool) {
    skipSpace()
    guard peek() == UInt8(ascii: "'") || peek() == UInt8(ascii: "\"") else {
      throw failure("expected one element type: arrays of records are not supported", .unsupported)
    }
    let descriptor = try string()
    guard let order = descriptor.first, "<>|=".contains(order) else {
      throw failure("expected a type with a byte order, got '\(descriptor)'")
    }
    guard let type = NumPyType.type(String(descriptor.dropFirst())) else {
      let isObject = descriptor.dropFirst().hasPrefix("O")
      throw failure(
        isObject ? "the array holds pickled Python objects, which are never read" : "the element type '\(descriptor)'",
        .unsupported)
    }
    return (type, order == ">" && type.bitWidth > 8)
  }

  private mutating func boolean() throws(WireError) -> Bool {
    let word = self.word()
    switch word {
    case "True": return true
    case "False": return false
    default: throw failure("expected True or False")
    }
  }

  private mutating func tuple() throws(WireError) -> [Int] {
    var extents: [Int] = []
    try expect("(")
    while !accept(")") {
      let word = self.word()
      // Python 2 wrote long integers as 3L.
      let digits = word.hasSuffix("L") ? String(word.dropLast()) : word
      guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let extent = Int(digits),
        extents.count < 64
      else { throw failure("expected at most 64 extents, got '\(word)'") }
      extents.append(extent)
      guard accept(",") || peek() == UInt8(ascii: ")") else { throw failure("expected ',' or ')'") }
    }
    return extents
  }

  /// A string without escapes.
  private mutating func string() throws(WireError) -> String {
    skipSpace()
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw failure("expected a string")
    }
    position += 1
    let start = position
    while let byte = peek(), byte != quote, byte >= 0x20, byte < 0x7f, byte != UInt8(ascii: "\\") { position += 1 }
    guard peek() == quote else { throw failure("expected the end of a string") }
    defer { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func word() -> String {
    skipSpace()
    let start = position
    while let byte = peek(), (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) {
      position += 1
    }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private func peek() -> UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0a { position += 1 }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(WireError) {
    guard accept(character) else { throw failure("expected '\(character)'") }
  }

  private func failure(_ message: String, _ code: WireError.Code = .malformed) -> WireError {
    WireError(code, at: offset + position, message)
  }
}
