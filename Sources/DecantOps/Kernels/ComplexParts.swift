internal import DecantIR

extension Tensor {
  /// The complex elements as reals, real and imaginary parts along a new last axis; nil for other types.
  var complexParts: Tensor? {
    let part: DataType
    switch dataType {
    case .complex64: part = .float32
    case .complex128: part = .float64
    default: return nil
    }
    return bytes.flatMap { try? Tensor(part, shape: shape + [2], bytes: $0) }
  }

  /// The complex elements that `parts` spells out, the other way round. Precondition: the last extent is 2.
  init(complexParts parts: Tensor) throws(OpError) {
    guard let bytes = parts.bytes else { throw OpError("expected reals, got \(parts.dataType)") }
    self = try Tensor(
      parts.dataType == .float64 ? .complex128 : .complex64, shape: parts.shape.dropLast(), bytes: bytes)
  }
}

extension EvaluationContext {
  /// A scalar of `type` that stands where nothing was: `number`, and no text.
  func filler(_ number: Float = 0, of type: DataType) throws(OpError) -> Tensor {
    switch type {
    case .string: try Tensor(strings: [""], shape: [])
    case .complex64: try Tensor(complexParts: Tensor([number, 0]))
    case .complex128: try Tensor(complexParts: Tensor([Double(number), 0]))
    default: try convert(Tensor(scalar: number), Conversion(target: type))
    }
  }
}
