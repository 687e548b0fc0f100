internal import DecantIR

extension EvaluationContext {
  /// The strings that operand `index` holds.
  ///
  /// - Throws: ``OpError`` when it is missing or not of strings.
  func strings(_ index: Int) throws(OpError) -> [ByteString] {
    let tensor = try operand(index)
    guard let strings = tensor.strings else {
      throw OpError("operand \(index): expected strings, got \(tensor.dataType)")
    }
    return strings
  }

  /// Checks the size of a result of strings before it is made.
  ///
  /// - Parameters:
  ///   - shape: its extents.
  ///   - bytes: how long its strings are together.
  /// - Throws: ``OpError`` for negative extents, overflow, and sizes beyond ``EvaluationContext/byteLimit``.
  func checkStrings(shape: [Int], bytes: Int) throws(OpError) {
    // Each string is an array of its own: a reference and a header of 32 bytes.
    let headers = try product(try Tensor.elementCount(shape: shape), 40)
    let total = try sum(headers, bytes)
    guard total <= byteLimit else {
      throw OpError(
        "a result of string\(shape) needs \(total) bytes, more than the \(byteLimit) allowed", kind: .overBudget)
    }
  }
}

extension ByteString {
  /// The text.
  ///
  /// - Throws: ``OpError`` when the bytes are not UTF-8.
  func decoded() throws(OpError) -> String {
    guard let text else { throw OpError("expected strings in UTF-8, got '\(self)'") }
    return text
  }
}
