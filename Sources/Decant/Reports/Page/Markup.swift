/// Text for HTML and SVG.
enum Markup {
  /// `text` as it reads in a page: what means something to a browser is spelled out, and so are control characters and those
  /// that reorder text, for names come from files.
  static func escape(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
          result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }

  /// ``escape(_:)`` of a name, the middle of a long one left out.
  static func label(_ name: String, limit: Int = 44) -> String {
    guard name.count > limit else { return escape(name) }
    return escape("\(name.prefix(limit / 2))…\(name.suffix(limit / 2 - 1))")
  }
}
