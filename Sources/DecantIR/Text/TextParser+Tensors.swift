internal import DecantBytes

extension TextParser {
  /// A type unless `expected` serves, then elements between brackets, all bytes as hex, or a digest.
  mutating func parseTensor(_ expected: ValueType) throws(DecantError) -> Tensor {
    let offset = token.range.lowerBound
    let isTyped = (token.kind == .word) || isMark("?")
    let type = isTyped ? try parseType() : expected
    guard let dataType = type.dataType, let shape = type.shape?.fixed else {
      throw failure("expected data of a type without unknown parts", at: offset)
    }
    try charge(64)
    let count = try checked(at: offset) { () throws(OpError) in try Tensor.elementCount(shape: shape) }
    switch token.kind {
    case .digest: return try parseDigest(dataType, shape)
    case .hex where dataType != .string:
      let bytes = ByteSlice(copying: try takeHex("the bytes of a tensor"))
      return try checked(at: offset) { () throws(OpError) in try Tensor(dataType, shape: shape, bytes: bytes) }
    case .mark where isMark("[") && dataType == .string:
      let strings = try parseStrings()
      return try checked(at: offset) { () throws(OpError) in try Tensor(strings: strings, shape: shape) }
    case .mark where isMark("["):
      let bytes = try parseElements(dataType, count: count)
      return try checked(at: offset) { () throws(OpError) in try Tensor(dataType, shape: shape, bytes: bytes) }
    default: throw unexpected("the data of a tensor")
    }
  }

  private func checked<Result>(
    at offset: Int, _ body: () throws(OpError) -> Result
  ) throws(DecantError) -> Result {
    do throws(OpError) {
      return try body()
    } catch {
      throw failure(error.message, at: offset)
    }
  }

  private mutating func parseStrings() throws(DecantError) -> [ByteString] {
    var strings: [ByteString] = []
    try takeList("[", "]") { (parser) throws(DecantError) in
      guard parser.token.kind == .string else { throw parser.unexpected("a string") }
      strings.append(ByteString(bytes: try parser.lexer.payload(of: parser.token)))
      try parser.charge(32)
      try parser.advance()
    }
    return strings
  }

  /// `[1, 2.5, nan]`, complex numbers as two.
  private mutating func parseElements(_ type: DataType, count: Int) throws(DecantError) -> ByteSlice {
    let offset = token.range.lowerBound
    var elements: [TextElement] = []
    try takeList("[", "]") { (parser) throws(DecantError) in elements.append(try parser.parseElement()) }
    let isComplex = type == .complex64 || type == .complex128
    let (expected, overflow) = count.multipliedReportingOverflow(by: isComplex ? 2 : 1)
    guard !overflow, elements.count == expected else {
      throw failure(
        "expected \(count) elements\(isComplex ? " of two numbers" : ""), got \(elements.count)", at: offset)
    }
    var bytes: [UInt8] = []
    if let element = TextElements.encode(elements, as: type, into: &bytes) {
      throw failure("expected elements that \(type) holds, got \(element)", at: offset)
    }
    return ByteSlice(copying: bytes)
  }

  /// `sha256:… (36 bytes)`.
  private mutating func parseDigest(_ type: DataType, _ shape: [Int]) throws(DecantError) -> Tensor {
    let offset = token.range.lowerBound
    let hex = String(spelling.dropFirst("sha256:".count))
    let digits = hex.utf8.compactMap(TextSpelling.hexValue)
    let digest = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    try advance()
    try expect(mark: "(")
    let byteCount = try takeInt("a number of bytes")
    try expect(word: "bytes")
    try expect(mark: ")")
    let expected =
      type == .string
      ? max(byteCount, 0) : try checked(at: offset) { () throws(OpError) in try Tensor.byteCount(type, shape: shape) }
    guard byteCount == expected else {
      throw failure("expected \(expected) bytes for \(type)\(shape), got \(byteCount)", at: offset)
    }
    guard let bytes = try weights?.read(hex, byteCount: byteCount) else {
      return Tensor(type, shape: shape, absent: AbsentData(digest: digest, byteCount: byteCount))
    }
    return try checked(at: offset) { () throws(OpError) in try TextWeights.tensor(type, shape: shape, bytes: bytes) }
  }
}
