internal import DecantBytes
internal import DecantIR

extension Tensor {
  /// Calls `body` with the address of the first element; elements are as aligned as the tensor is.
  ///
  /// - Throws: ``OpError`` when the data are absent.
  func withAddress<Result>(_ body: (UnsafeRawPointer) -> Result) throws(OpError) -> Result {
    guard let slice = bytes else { throw OpError("the data of an operand is absent") }
    let result = unsafe slice.bytes.withUnsafeBytes { raw in
      unsafe raw.baseAddress.map { unsafe body($0) }
    }
    guard let result else { throw OpError("expected an operand with elements, got \(dataType)\(shape)") }
    return result
  }

  /// A tensor that `fill` writes, given the address of its first element.
  ///
  /// - Throws: ``OpError`` when it takes more than `byteLimit` bytes.
  static func made(
    _ type: DataType, _ shape: [Int], byteLimit: Int, fill: (UnsafeMutableRawPointer) -> Void
  ) throws(OpError) -> Tensor {
    let count = try Tensor.byteCount(type, shape: shape)
    guard count <= byteLimit else {
      throw OpError(
        "a result of \(type)\(shape) needs \(count) bytes, more than the \(byteLimit) allowed", kind: .overBudget)
    }
    let bytes = ByteSlice(count: count) { (raw: inout MutableRawSpan) in
      unsafe raw.withUnsafeMutableBytes { target in
        if let address = target.baseAddress { unsafe fill(address) }
      }
    }
    return try Tensor(type, shape: shape, bytes: bytes)
  }
}
