/// How names and strings are spelled in the text form: bare where they can be, else quoted and escaped.
enum TextSpelling {
  /// Whether `name` can stand bare after `%` or `@`: letters, digits and `_ . / $ -`.
  static func isBareName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy(isNameByte)
  }

  /// Whether `word` can stand bare as a word: a letter or `_`, then letters, digits, `_` and `.`; and not `_` alone.
  static func isBareWord(_ word: String) -> Bool {
    guard let first = word.utf8.first, isWordStart(first), word != "_" else { return false }
    return word.utf8.allSatisfy(isWordByte)
  }

  static func isNameByte(_ byte: UInt8) -> Bool {
    isWordByte(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "$") || byte == UInt8(ascii: "-")
  }

  static func isWordStart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    default: false
    }
  }

  static func isWordByte(_ byte: UInt8) -> Bool {
    isWordStart(byte) || isDigit(byte) || byte == UInt8(ascii: ".")
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  /// The value of a hexadecimal digit.
  static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// Two lower-case hexadecimal digits for each byte.
  static func appendHex(_ bytes: some Sequence<UInt8>, to out: inout [UInt8]) {
    for byte in bytes {
      out.append(hexDigit(byte >> 4))
      out.append(hexDigit(byte & 15))
    }
  }

  static func hexDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
  }

  /// `bytes` between quotes. Printable UTF-8 stands as it is; everything else is escaped, so that no input can steer a
  /// terminal.
  static func appendQuoted(_ bytes: [UInt8], to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      out.append(contentsOf: bytes)
    } else {
      appendEscaped(bytes, to: &out)
    }
    out.append(UInt8(ascii: "\""))
  }

  private static func appendEscaped(_ bytes: [UInt8], to out: inout [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      for byte in bytes {
        appendScalar(Unicode.Scalar(byte), [byte], isPrintable: byte >= 0x20 && byte < 0x7f, to: &out)
      }
      return
    }
    for scalar in text.unicodeScalars {
      appendScalar(scalar, Array(String(scalar).utf8), isPrintable: isPrintable(scalar), to: &out)
    }
  }

  private static func appendScalar(_ scalar: Unicode.Scalar, _ bytes: [UInt8], isPrintable: Bool, to out: inout [UInt8])
  {
    guard isPrintable else {
      for byte in bytes { appendEscape(byte, to: &out) }
      return
    }
    if scalar == "\"" || scalar == "\\" { out.append(UInt8(ascii: "\\")) }
    out.append(contentsOf: bytes)
  }

  private static func appendEscape(_ byte: UInt8, to out: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\n"): out.append(contentsOf: "\\n".utf8)
    case UInt8(ascii: "\r"): out.append(contentsOf: "\\r".utf8)
    case UInt8(ascii: "\t"): out.append(contentsOf: "\\t".utf8)
    default:
      out.append(contentsOf: "\\x".utf8)
      appendHex(CollectionOfOne(byte), to: &out)
    }
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
    default: true
    }
  }
}
