internal import DecantBytes
internal import DecantForms
public import DecantIR

/// TensorRT's calibration cache: a line `TRT-<version>-<algorithm>`, then a line for each tensor, its name and the bits of a
/// float32 scale in hexadecimal, as in `conv1: 3c010a14`. Codes go from -127 to 127, so the range reaches 127 scales.
public enum TensorRTCache {
  private static let levels: Float = 127
  /// No cache is larger: a line has a name and a number.
  static let sizeLimit = 1 << 28

  /// Whether the bytes of a file start as a cache does.
  static func matches(_ bytes: ByteSlice) -> Bool {
    bytes.count >= 4 && bytes[0..<4].text == "TRT-"
  }

  /// The text of a cache with the ranges made symmetric.
  ///
  /// - Throws: ``OpError`` for a name that no line can hold.
  public static func text(_ ranges: CalibratedRanges, method: CalibrationMethod) throws(OpError) -> String {
    let algorithm = method == .entropy ? "EntropyCalibration2" : "MinMaxCalibration"
    var text = "TRT-100000-\(algorithm)\n"
    for (name, range) in ranges.byName.sorted(by: { $0.key < $1.key }) {
      guard !name.contains(where: \.isNewline), !name.isEmpty else {
        throw OpError("the name '\(name)' does not fit a line", kind: .unsupported)
      }
      let bits = String((range.magnitude / levels).bitPattern, radix: 16)
      text += "\(name): \(String(repeating: "0", count: 8 - bits.count))\(bits)\n"
    }
    return text
  }

  /// The ranges in a cache, and its first line.
  ///
  /// - Throws: ``OpError`` with the line.
  public static func parse(_ text: String) throws(OpError) -> (ranges: CalibratedRanges, header: String) {
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
    guard let header = lines.popFirst(), header.hasPrefix("TRT-") else {
      throw OpError("expected a first line such as TRT-100000-EntropyCalibration2")
    }
    var ranges = CalibratedRanges()
    for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
      guard let colon = line.lastIndex(of: ":"), colon > line.startIndex else {
        throw OpError("line \(index + 2): expected a name, a colon and a scale in hexadecimal")
      }
      let digits = line[line.index(after: colon)...].drop(while: \.isWhitespace)
      let trimmed = digits.prefix { !$0.isWhitespace }
      guard trimmed.count <= 8, let bits = UInt32(trimmed, radix: 16), trimmed.first != "+" else {
        throw OpError("line \(index + 2): expected up to 8 hexadecimal digits, got '\(digits)'")
      }
      let limit = Float(bitPattern: bits) * levels
      guard limit.isFinite, limit >= 0, limit.sign == .plus else {
        throw OpError("line \(index + 2): expected a scale of 0 or more, got \(Float(bitPattern: bits))")
      }
      let name = String(line[..<colon])
      guard ranges.byName.updateValue(TensorRange(-limit, limit), forKey: name) == nil else {
        throw OpError("line \(index + 2): '\(name)' has a scale already")
      }
    }
    return (ranges, String(header))
  }
}
