extension JSON {
  /// The deepest nesting of arrays and objects that is read.
  public static let depthLimit = 256

  /// Reads the one value that `text` holds, strictly after RFC 8259.
  ///
  /// Refused are duplicate keys, lone surrogates, invalid UTF-8, a byte order mark, anything after the value, nesting deeper
  /// than ``depthLimit``, integers beyond 64 bits and numbers beyond `Double`. With a budget, each value counts as an object.
  public init(parsing text: ByteSlice, budget: Budget? = nil) throws(WireError) {
    var parser = JSONParser(bytes: unsafe text.bytes._unsafeView(as: UInt8.self), budget: budget)
    self = try parser.parseWhole()
  }

  /// Reads the one value that `text` holds.
  public init(parsing text: String) throws(WireError) {
    try self.init(parsing: ByteSlice(copying: text.utf8))
  }
}

/// Reads JSON from bytes, left to right.
private struct JSONParser: ~Escapable {
  let bytes: Span<UInt8>
  let budget: Budget?
  var position = 0

  @_lifetime(copy bytes)
  init(bytes: Span<UInt8>, budget: Budget?) {
    self.bytes = bytes
    self.budget = budget
  }

  @_lifetime(self: copy self)
  mutating func parseWhole() throws(WireError) -> JSON {
    let value = try parseValue(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault("expected the end, got \(found)") }
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private var found: String {
    guard let next else { return "the end" }
    return next >= 0x21 && next < 0x7F ? "'\(Character(Unicode.Scalar(next)))'" : "byte \(next)"
  }

  private func fault(_ message: String, at offset: Int? = nil, _ code: WireError.Code? = nil) -> WireError {
    let end = position >= bytes.count ? WireError.Code.truncated : .malformed
    return WireError(code ?? (offset == nil ? end : .malformed), at: offset ?? position, message)
  }

  @_lifetime(self: copy self)
  private mutating func skipSpace() {
    while let next, next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 { position += 1 }
  }

  @_lifetime(self: copy self)
  private mutating func take(_ byte: Character) -> Bool {
    guard let next, next == byte.asciiValue else { return false }
    position += 1
    return true
  }

  @_lifetime(self: copy self)
  private mutating func expect(_ byte: Character) throws(WireError) {
    guard take(byte) else { throw fault("expected '\(byte)', got \(found)") }
  }

  @_lifetime(self: copy self)
  private mutating func parseValue(depth: Int) throws(WireError) -> JSON {
    skipSpace()
    try budget?.count(for: "JSON value", at: position)
    guard depth <= JSON.depthLimit else { throw fault("nested deeper than \(JSON.depthLimit) levels", at: position) }
    switch next {
    case UInt8(ascii: "{"): return .object(try parseObject(depth: depth))
    case UInt8(ascii: "["): return .array(try parseArray(depth: depth))
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case .some(let byte) where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try parseNumber()
    default: throw fault("expected a JSON value, got \(found)")
    }
  }

  @_lifetime(self: copy self)
  private mutating func parseWord(_ word: String, _ value: JSON) throws(WireError) -> JSON {
    for character in word { try expect(character) }
    return value
  }

  @_lifetime(self: copy self)
  private mutating func parseArray(depth: Int) throws(WireError) -> [JSON] {
    try expect("[")
    skipSpace()
    if take("]") { return [] }
    var elements: [JSON] = []
    repeat {
      elements.append(try parseValue(depth: depth + 1))
      skipSpace()
    } while take(",")
    try expect("]")
    return elements
  }

  @_lifetime(self: copy self)
  private mutating func parseObject(depth: Int) throws(WireError) -> JSONObject {
    try expect("{")
    skipSpace()
    var object = JSONObject()
    if take("}") { return object }
    repeat {
      skipSpace()
      let start = position
      let key = try parseString()
      guard object[key] == nil else { throw fault("the key \"\(key)\" appears twice", at: start) }
      skipSpace()
      try expect(":")
      object[key] = try parseValue(depth: depth + 1)
      skipSpace()
    } while take(",")
    try expect("}")
    return object
  }

  // MARK: Numbers

  @_lifetime(self: copy self)
  private mutating func parseNumber() throws(WireError) -> JSON {
    let start = position
    let negative = take("-")
    if !take("0") { try skipDigits() }
    var isInteger = true
    if take(".") {
      isInteger = false
      try skipDigits()
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      try skipDigits()
    }
    let text = self.text(from: start)
    if isInteger, !(negative && text == "-0") {
      guard let value = Int(text) else { throw fault("the integer does not fit 64 bits", at: start, .overflow) }
      return .integer(value)
    }
    guard let value = Double(text), value.isFinite else {
      throw fault("the number does not fit a double", at: start, .overflow)
    }
    return .number(value)
  }

  @_lifetime(self: copy self)
  private mutating func skipDigits() throws(WireError) {
    let start = position
    while let next, next >= 0x30, next <= 0x39 { position += 1 }
    guard position > start else { throw fault("expected a digit, got \(found)") }
  }

  private func text(from start: Int) -> String {
    String(decoding: (start..<position).map { bytes[$0] }, as: UTF8.self)
  }

  // MARK: Strings

  @_lifetime(self: copy self)
  private mutating func parseString() throws(WireError) -> String {
    let start = position
    try expect("\"")
    var units: [UInt8] = []
    while let byte = next, byte != 0x22 {
      guard byte >= 0x20 else { throw fault("a control character in a string must be escaped") }
      position += 1
      if byte == 0x5C {
        units.append(contentsOf: try parseEscape())
      } else {
        units.append(byte)
      }
    }
    guard take("\"") else { throw fault("the string that begins at byte \(start) has no end") }
    guard let string = String(validating: units, as: UTF8.self) else {
      throw fault("the string is not valid UTF-8", at: start)
    }
    return string
  }

  @_lifetime(self: copy self)
  private mutating func parseEscape() throws(WireError) -> [UInt8] {
    guard let letter = next else { throw fault("expected an escape, got the end") }
    let plain: UInt8? =
      switch letter {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
      case UInt8(ascii: "b"): 0x08
      case UInt8(ascii: "f"): 0x0C
      case UInt8(ascii: "n"): 0x0A
      case UInt8(ascii: "r"): 0x0D
      case UInt8(ascii: "t"): 0x09
      default: nil
      }
    if let plain {
      position += 1
      return [plain]
    }
    guard letter == UInt8(ascii: "u") else { throw fault("expected an escape, got \(found)") }
    position += 1
    return Array(String(try parseScalar()).utf8)
  }

  /// The scalar of `\uXXXX`, or of the pair of them that spells one, after the first `\u`.
  @_lifetime(self: copy self)
  private mutating func parseScalar() throws(WireError) -> Unicode.Scalar {
    let start = position - 2
    let high = try parseHex()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xDC00, take("\\"), take("u") else { throw fault("a surrogate stands alone", at: start) }
    let low = try parseHex()
    guard low >= 0xDC00, low < 0xE000,
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw fault("a surrogate stands alone", at: start) }
    return scalar
  }

  @_lifetime(self: copy self)
  private mutating func parseHex() throws(WireError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        throw fault("expected four hexadecimal digits, got \(found)")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
