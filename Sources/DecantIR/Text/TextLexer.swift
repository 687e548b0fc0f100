internal import DecantBytes

/// A piece of the text form.
struct TextToken {
  enum Kind {
    /// `Conv`, `com.microsoft.Gelu`, `_`.
    case word
    /// `%name` or `%"any name"`.
    case value
    /// `@name` or `@"any name"`.
    case name
    /// `"text"`.
    case string
    /// `12`, `-1`, `0.5`, `1e-05`.
    case number
    /// `0x0a0b`.
    case hex
    /// `sha256:` and 64 digits.
    case digest
    /// `->`.
    case arrow
    /// One of `( ) [ ] { } < > , : = * + - ? "."`.
    case mark
    /// Nothing is left.
    case end
  }

  var kind: Kind
  /// The bytes that it takes.
  var range: Range<Int>
}

/// A mark of the text form, written as a literal: `"("`.
struct TextMark: ExpressibleByUnicodeScalarLiteral, CustomStringConvertible {
  let byte: UInt8

  init(unicodeScalarLiteral scalar: Unicode.Scalar) { byte = UInt8(truncatingIfNeeded: scalar.value) }

  var description: String { String(Character(Unicode.Scalar(byte))) }
}

/// Cuts the text form into tokens, one at a time; blanks and comments (`;` to the end of the line) part them.
struct TextLexer {
  let bytes: [UInt8]
  /// The file's path for messages.
  let path: String
  private var position = 0

  init(_ bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  mutating func next() throws(DecantError) -> TextToken {
    skipBlanks()
    let start = position
    guard start < bytes.count else { return TextToken(kind: .end, range: start..<start) }
    let byte = bytes[start]
    switch byte {
    case UInt8(ascii: "%"): return try sigil(.value)
    case UInt8(ascii: "@"): return try sigil(.name)
    case UInt8(ascii: "\""):
      try skipString()
      return TextToken(kind: .string, range: start..<position)
    case UInt8(ascii: "-"):
      if peek(1) == UInt8(ascii: ">") {
        position += 2
        return TextToken(kind: .arrow, range: start..<position)
      }
      return peek(1).map(TextSpelling.isDigit) == true ? number() : mark()
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      return byte == UInt8(ascii: "0") && peek(1) == UInt8(ascii: "x") ? hex() : number()
    case _ where TextSpelling.isWordStart(byte): return word()
    case _ where TextLexer.isMark(byte): return mark()
    default: throw failure("unexpected \(TextLexer.describe(byte))", at: start)
    }
  }

  private static func isMark(_ byte: UInt8) -> Bool {
    switch byte {
    // ( ) * + , - . : < = > ? [ ] { }
    case 0x28...0x2e, 0x3a, 0x3c...0x3f, 0x5b, 0x5d, 0x7b, 0x7d: true
    default: false
    }
  }

  /// The bytes of `token` without sigil and quotes, escapes resolved.
  func payload(of token: TextToken) throws(DecantError) -> [UInt8] {
    var range = token.range
    if token.kind == .value || token.kind == .name { range = range.lowerBound + 1..<range.upperBound }
    guard let first = range.first, bytes[first] == UInt8(ascii: "\"") else { return Array(bytes[range]) }
    return try unescape(range.lowerBound + 1..<range.upperBound - 1)
  }

  /// The payload as text.
  func text(of token: TextToken) throws(DecantError) -> String {
    let start = token.range.lowerBound + (token.kind == .value || token.kind == .name ? 1 : 0)
    if start < token.range.upperBound, bytes[start] != UInt8(ascii: "\"") {
      // Bare, and so ASCII.
      return spelling(start..<token.range.upperBound)
    }
    guard let text = String(validating: try payload(of: token), as: UTF8.self) else {
      throw failure("expected UTF-8", at: token.range.lowerBound)
    }
    return text
  }

  /// The bytes of `range` as they stand.
  func spelling(_ range: Range<Int>) -> String {
    unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0[range], as: UTF8.self) }
  }

  /// Whether the bytes of `range` are `word`.
  func isSpelled(_ range: Range<Int>, _ word: String) -> Bool {
    guard range.count == word.utf8.count else { return false }
    var index = range.lowerBound
    for byte in word.utf8 {
      guard bytes[index] == byte else { return false }
      index += 1
    }
    return true
  }

  /// An error at byte `offset`, which it names by line and column.
  func failure(
    _ message: String, at offset: Int, kind: DecantError.Kind = .malformed, note: String? = nil
  ) -> DecantError {
    let before = bytes[..<min(offset, bytes.count)]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return DecantError(kind, message, at: ["\(path):\(line):\(before.count - lineStart + 1)"], note: note)
  }

  // MARK: Pieces

  private func peek(_ distance: Int) -> UInt8? {
    position + distance < bytes.count ? bytes[position + distance] : nil
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position += 1
      case UInt8(ascii: ";"): skip { $0 != 0x0a }
      default: return
      }
    }
  }

  private mutating func skip(while isPart: (UInt8) -> Bool) {
    while position < bytes.count, isPart(bytes[position]) { position += 1 }
  }

  private mutating func sigil(_ kind: TextToken.Kind) throws(DecantError) -> TextToken {
    let start = position
    position += 1
    if peek(0) == UInt8(ascii: "\"") {
      try skipString()
    } else {
      skip(while: TextSpelling.isNameByte)
      // An arrow may follow without a blank.
      if peek(0) == UInt8(ascii: ">"), bytes[position - 1] == UInt8(ascii: "-") { position -= 1 }
      guard position > start + 1 else {
        throw failure("expected a name after '\(Character(Unicode.Scalar(bytes[start])))'", at: start)
      }
    }
    return TextToken(kind: kind, range: start..<position)
  }

  private mutating func skipString() throws(DecantError) {
    let start = position
    position += 1
    while let byte = peek(0), byte != UInt8(ascii: "\"") {
      guard byte != UInt8(ascii: "\n") else { break }
      position += byte == UInt8(ascii: "\\") ? 2 : 1
    }
    guard peek(0) == UInt8(ascii: "\"") else { throw failure("the string does not end on its line", at: start) }
    position += 1
  }

  private mutating func word() -> TextToken {
    let start = position
    skip(while: TextSpelling.isWordByte)
    if peek(0) == UInt8(ascii: ":"), bytes[start..<position].elementsEqual("sha256".utf8) {
      let digits = bytes[(position + 1)...].prefix(65).prefix { TextSpelling.hexValue($0) != nil }
      if digits.count == 64 {
        position = digits.endIndex
        return TextToken(kind: .digest, range: start..<position)
      }
    }
    return TextToken(kind: .word, range: start..<position)
  }

  private mutating func number() -> TextToken {
    let start = position
    position += 1
    skip(while: TextSpelling.isDigit)
    if peek(0) == UInt8(ascii: "."), peek(1).map(TextSpelling.isDigit) == true {
      position += 1
      skip(while: TextSpelling.isDigit)
    }
    if peek(0) == UInt8(ascii: "e") || peek(0) == UInt8(ascii: "E") {
      let signed = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
      if peek(signed ? 2 : 1).map(TextSpelling.isDigit) == true {
        position += signed ? 2 : 1
        skip(while: TextSpelling.isDigit)
      }
    }
    return TextToken(kind: .number, range: start..<position)
  }

  private mutating func hex() -> TextToken {
    let start = position
    position += 2
    skip { TextSpelling.hexValue($0) != nil }
    return TextToken(kind: .hex, range: start..<position)
  }

  private mutating func mark() -> TextToken {
    position += 1
    return TextToken(kind: .mark, range: position - 1..<position)
  }

  private func unescape(_ range: Range<Int>) throws(DecantError) -> [UInt8] {
    guard bytes[range].contains(UInt8(ascii: "\\")) else { return Array(bytes[range]) }
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      guard bytes[index] == UInt8(ascii: "\\") else {
        result.append(bytes[index])
        index += 1
        continue
      }
      // A string never ends in a lone backslash: the lexer passes over what follows one.
      let (byte, length) = try escape(at: index, until: range.upperBound)
      result.append(byte)
      index += length
    }
    return result
  }

  private func escape(at index: Int, until end: Int) throws(DecantError) -> (byte: UInt8, length: Int) {
    switch index + 1 < end ? bytes[index + 1] : 0 {
    case UInt8(ascii: "n"): return (0x0a, 2)
    case UInt8(ascii: "r"): return (0x0d, 2)
    case UInt8(ascii: "t"): return (0x09, 2)
    case UInt8(ascii: "\""): return (UInt8(ascii: "\""), 2)
    case UInt8(ascii: "\\"): return (UInt8(ascii: "\\"), 2)
    case UInt8(ascii: "x"):
      if index + 3 < end, let high = TextSpelling.hexValue(bytes[index + 2]),
        let low = TextSpelling.hexValue(bytes[index + 3])
      {
        return (high << 4 | low, 4)
      }
    default: break
    }
    throw failure(#"expected one of \n \r \t \" \\ and \x with two digits"#, at: index)
  }

  private static func describe(_ byte: UInt8) -> String {
    byte > 0x20 && byte < 0x7f
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
  }
}
