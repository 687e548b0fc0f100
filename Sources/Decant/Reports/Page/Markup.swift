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

  /// A number with `places` digits after the point; `∞` and `–` for what has none.
  static func number(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let digits = Int64((abs(value) * scale).rounded())
    let (whole, part) = (digits / Int64(scale), String(digits % Int64(scale)))
    let sign = value < 0 && digits != 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole)." + String(repeating: "0", count: places - part.count) + part
  }

  /// A number with three or four digits that matter, as in `0.00123` or `1.2e-07`.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : number(value, 0) }
    let size = abs(value)
    if size >= 0.001, size < 100_000 { return number(value, size >= 100 ? 1 : size >= 1 ? 3 : 5) }
    var (mantissa, exponent) = (size, 0)
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    return (value < 0 ? "-" : "") + number(mantissa, 1) + "e\(exponent)"
  }

  /// `3.40 MB`.
  static func bytes(_ count: Int) -> String {
    guard count >= 1000 else { return "\(count) B" }
    var (size, unit) = (Double(count) / 1000, 0)
    while size >= 1000, unit < 3 { (size, unit) = (size / 1000, unit + 1) }
    return "\(number(size, 2)) \(["kB", "MB", "GB", "TB"][unit])"
  }
}
