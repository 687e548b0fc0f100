internal import DecantBytes
internal import DecantIR

/// The header of a `.npy`: magic, version, length, and a Python dictionary of exactly three keys.
struct NumPyHeader {
  let dataType: DataType
  let isColumnMajor: Bool
  let shape: [Int]

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  static func read(_ cursor: inout ByteCursor) throws(WireError) -> NumPyHeader {
    let start = try cursor.readSlice(6, "magic")
    guard unsafe start.bytes.withUnsafeBytes({ unsafe $0.elementsEqual(magic) }) else {
      throw WireError(.malformed, at: cursor.base, "expected a .npy, got something else")
    }
    let major = try cursor.read(UInt8.self, "version")
    _ = try cursor.read(UInt8.self, "version")
    guard (1...3).contains(major) else {
      throw WireError(.unsupported, at: cursor.base + 6, "expected version 1 to 3 of .npy, got \(major)")
    }
    let length =
      major == 1
      ? Int(try cursor.read(UInt16.self, "length of the header"))
      : Int(try cursor.read(UInt32.self, "length of the header"))
    let offset = cursor.offset
    let text = try cursor.readSlice(length, "header")
    guard length <= 1 << 16 else {
      throw WireError(.overBudget, at: offset, "a header of \(length) bytes is beyond the limit of 65,536")
    }
    var parser = DictionaryParser(
      text: unsafe text.bytes.withUnsafeBytes { unsafe Array($0) }, offset: offset)
    return try parser.header()
  }

  /// The bytes of a version 1 header, padded so that the data starts at a multiple of 64.
  static func text(_ description: String, shape: [Int]) -> [UInt8] {
    let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    var text = "{'descr': '\(description)', 'fortran_order': False, 'shape': (\(extents)), }"
    let total = (10 + text.utf8.count + 1 + 63) / 64 * 64
    text += String(repeating: " ", count: total - 10 - text.utf8.count - 1) + "\n"
    let length = text.utf8.count
    return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
  }
}

/// Reads the header's dictionary: three known keys with plain literals, and nothing that would need evaluating.
private struct DictionaryParser {
  let text: [UInt8]
  let offset: Int
  var position = 0

  init(text: [UInt8], offset: Int) {
    self.text = text
    self.offset = offset
  }

  mutating func header() throws(WireError) -> NumPyHeader {
    var (description, order, shape): (String?, Bool?, [Int]?) = (nil, nil, nil)
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where description == nil: description = try string()
      case "fortran_order" where order == nil: order = try truth()
      case "shape" where shape == nil: shape = try extents()
      default: throw fault("the key '\(key)' is unknown or given twice")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard position == text.count else { throw fault("expected the end of the header") }
    guard let description, let order, let shape else { throw fault("expected the keys descr, fortran_order and shape") }
    guard let type = NumPyType.type(description) else {
      let reason = description.hasSuffix("O") ? "Python objects are never read" : "the element type is not supported"
      throw WireError(.unsupported, at: offset, "'\(description)': \(reason)")
    }
    return NumPyHeader(dataType: type, isColumnMajor: order, shape: shape)
  }

  private func fault(_ message: String) -> WireError { WireError(.malformed, at: offset + position, message) }

  private mutating func skipSpace() {
    while position < text.count, text[position] == 0x20 || text[position] == 0x0A { position += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard position < text.count, text[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(WireError) {
    guard take(character) else { throw fault("expected '\(character)'") }
  }

  private mutating func string() throws(WireError) -> String {
    skipSpace()
    guard position < text.count, text[position] == 0x27 || text[position] == 0x22 else {
      throw fault("expected a string")
    }
    let quote = text[position]
    position += 1
    let start = position
    while position < text.count, text[position] != quote {
      guard text[position] >= 0x20, text[position] < 0x7F, text[position] != 0x5C else {
        throw fault("expected a plain string")
      }
      position += 1
    }
    guard position < text.count else { throw fault("the string has no end") }
    position += 1
    return String(decoding: text[start..<position - 1], as: UTF8.self)
  }

  private mutating func truth() throws(WireError) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw fault("expected True or False")
  }

  private mutating func extents() throws(WireError) -> [Int] {
    try expect("(")
    var extents: [Int] = []
    while !take(")") {
      skipSpace()
      let start = position
      while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
      guard let extent = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
        throw fault("expected an extent")
      }
      guard extents.count < 64 else { throw fault("expected at most 64 axes") }
      extents.append(extent)
      if !take(",") {
        try expect(")")
        break
      }
    }
    return extents
  }
}
