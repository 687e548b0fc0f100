/// Numbers for people.
package enum Format {
  /// `1,234,567`.
  package static func count(_ value: Int) -> String {
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
  package static func bytes(_ value: Int) -> String {
    guard value >= 1024 else { return "\(value) B" }
    var (size, unit) = (Double(value) / 1024, 0)
    while size >= 1024, unit < 3 {
      size /= 1024
      unit += 1
    }
    return "\(decimals(size, 1)) \(["KiB", "MiB", "GiB", "TiB"][unit])"
  }

  /// `value` with `places` digits after the point; `inf` and `nan` as such.
  package static func decimals(_ value: Double, _ places: Int) -> String {
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
  package static func short(_ value: Double) -> String {
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
