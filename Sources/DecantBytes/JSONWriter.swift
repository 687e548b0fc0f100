extension JSON {
  /// How JSON text looks.
  public enum Style: Sendable {
    /// On one line, without spaces.
    case compact
    /// Two spaces of indentation, one member a line, and a newline at the end.
    case pretty
  }

  /// The value as text: the same value gives the same text on every machine.
  ///
  /// Numbers have the fewest digits that read back equal. Infinities and NaN, which JSON lacks, become `null`. Control
  /// characters, and those that reorder text or end lines, are escaped, so the text is safe on a terminal.
  public func text(_ style: Style = .pretty) -> String {
    var writer = JSONWriter(pretty: style == .pretty)
    writer.write(self, indent: 0)
    if style == .pretty { writer.text.append("\n") }
    return writer.text
  }
}

/// Writes one value.
private struct JSONWriter {
  let pretty: Bool
  var text = ""

  mutating func write(_ value: JSON, indent: Int) {
    switch value {
    case .null: text.append("null")
    case .bool(let value): text.append(value ? "true" : "false")
    case .integer(let value): text.append(String(value))
    case .number(let value): text.append(value.isFinite ? value.description : "null")
    case .string(let value): write(value)
    case .array(let elements):
      let nested = elements.contains { $0.array != nil || $0.object != nil }
      list(elements, "[", "]", multiline: pretty && nested, indent) { writer, element in
        writer.write(element, indent: indent + 1)
      }
    case .object(let object):
      list(object.members, "{", "}", multiline: pretty, indent) { writer, member in
        writer.write(member.key)
        writer.text.append(writer.pretty ? ": " : ":")
        writer.write(member.value, indent: indent + 1)
      }
    }
  }

  private mutating func list<T>(
    _ items: [T], _ open: Character, _ close: Character, multiline: Bool, _ indent: Int,
    item: (inout JSONWriter, T) -> Void
  ) {
    text.append(open)
    for (index, element) in items.enumerated() {
      if index > 0 { text.append(pretty && !multiline ? ", " : ",") }
      if multiline { newline(indent + 1) }
      item(&self, element)
    }
    if multiline, !items.isEmpty { newline(indent) }
    text.append(close)
  }

  private mutating func newline(_ indent: Int) {
    text.append("\n")
    text.append(String(repeating: "  ", count: indent))
  }

  private mutating func write(_ string: String) {
    text.append("\"")
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text.append("\\\"")
      case "\\": text.append("\\\\")
      case "\n": text.append("\\n")
      case "\r": text.append("\\r")
      case "\t": text.append("\\t")
      default:
        if scalar.isUnsafeInText { escape(scalar) } else { text.unicodeScalars.append(scalar) }
      }
    }
    text.append("\"")
  }

  private mutating func escape(_ scalar: Unicode.Scalar) {
    for unit in String(scalar).utf16 {
      let digits = String(unit, radix: 16)
      text.append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
    }
  }
}

extension Unicode.Scalar {
  /// Whether a terminal or a reader of text may take it for a command: controls, line separators, reordering marks.
  package var isUnsafeInText: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: true
    default: false
    }
  }
}
