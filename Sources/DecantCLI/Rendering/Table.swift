internal import Decant

/// Columns of text: the first ones flush left, the rest flush right.
struct Table {
  private var rows: [[String]] = []
  private let leading: Int

  /// - Parameter leading: how many columns are flush left.
  init(_ header: [String] = [], leading: Int = 1) {
    self.leading = leading
    if !header.isEmpty { rows.append(header) }
  }

  mutating func add(_ cells: String...) { rows.append(cells) }

  var text: String {
    let escaped = rows.map { $0.map(TerminalText.escape) }
    let columns = escaped.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      escaped.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return escaped.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column < leading ? cell + padding : padding + cell
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}

/// Numbers for people.
enum Format {
  /// `1,234,567`.
  static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var groups: [Substring] = []
    var end = digits.endIndex
    while end > digits.startIndex {
      let start = digits.index(end, offsetBy: -3, limitedBy: digits.startIndex) ?? digits.startIndex
      groups.insert(digits[start..<end], at: 0)
      end = start
    }
    return (value < 0 ? "-" : "") + groups.joined(separator: ",")
  }

  /// `3.4 KiB`, `12.0 MiB`.
  static func bytes(_ value: Int) -> String {
    guard value >= 1024 else { return "\(value) B" }
    var (size, unit) = (Double(value) / 1024, 0)
    while size >= 1024, unit < 3 {
      size /= 1024
      unit += 1
    }
    return "\(decimals(size, 1)) \(["KiB", "MiB", "GiB", "TiB"][unit])"
  }

  /// `value` with `places` digits after the point; `inf` and `nan` as such.
  static func decimals(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let (whole, part) = (scaled / Int64(scale), scaled % Int64(scale))
    let fraction = String(part)
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole)." + String(repeating: "0", count: places - fraction.count) + fraction
  }

  /// Three significant digits, as in `1.23e-05`.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    if abs(value) >= 0.001, abs(value) < 100_000 {
      return decimals(value, abs(value) >= 100 ? 1 : abs(value) >= 1 ? 3 : 5)
    }
    var (mantissa, exponent) = (abs(value), 0)
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    return (value < 0 ? "-" : "") + decimals(mantissa, 2) + "e\(exponent)"
  }
}
