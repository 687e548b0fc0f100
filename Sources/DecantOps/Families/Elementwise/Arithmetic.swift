internal import DecantIR

/// Arithmetic of two operands that are broadcast together.
enum Arithmetic {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Add", schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["C"]), infer: Infer.broadcast,
      propagate: propagateAdd, evaluate: add, quantization: .arithmetic),
    OpDefinition(
      "Div", schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["C"]), infer: Infer.broadcast,
      propagate: propagateDivide, evaluate: divide),
    OpDefinition(
      "Mod", schema: OpSchema(since: 10, reads: ["A", "B"], gives: ["C"], attributes: [.init("fmod", .int)]),
      infer: Infer.broadcast, propagate: propagateRemainder, evaluate: remainder),
    OpDefinition(
      "Mul", schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["C"]), infer: Infer.broadcast,
      propagate: propagateMultiply, evaluate: multiply, quantization: .arithmetic),
    OpDefinition(
      "Pow", schema: OpSchema(since: 1, reads: ["X", "Y"], gives: ["Z"]), infer: inferPower, evaluate: power),
    OpDefinition(
      "Sub", schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["C"]), infer: Infer.broadcast,
      propagate: propagateSubtract, evaluate: subtract),
  ]

  // MARK: Kernels

  @Sendable private static func add(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.pairwise(try context.operand(0), try context.operand(1), Addition())]
  }

  @Sendable private static func subtract(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.pairwise(try context.operand(0), try context.operand(1), Subtraction())]
  }

  @Sendable private static func multiply(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.pairwise(try context.operand(0), try context.operand(1), Multiplication())]
  }

  @Sendable private static func divide(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let divisor = try context.operand(1)
    try refuseZero(divisor)
    return [try context.pairwise(try context.operand(0), divisor, Division())]
  }

  @Sendable private static func remainder(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b) = (try context.operand(0), try context.operand(1))
    try refuseZero(b)
    return context.attributes.int("fmod", default: 0) != 0
      ? [try context.pairwise(a, b, TruncatedRemainder())] : [try context.pairwise(a, b, FlooredRemainder())]
  }

  /// Integers cannot be divided by zero; floats can.
  private static func refuseZero(_ divisor: Tensor) throws(OpError) {
    guard divisor.dataType.isInteger, divisor.containsZero else { return }
    throw OpError("expected integer divisors other than 0, got 0 among \(divisor.type)")
  }

  /// The exponent may be of another type, which is then computed in double and brought to the base's type.
  @Sendable private static func power(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (base, exponent) = (try context.operand(0), try context.operand(1))
    if base.dataType == exponent.dataType { return [try context.pairwise(base, exponent, Power())] }
    let wide: DataType = base.dataType.isInteger && exponent.dataType.isInteger ? .int64 : .float64
    let result = try context.pairwise(
      try context.convert(base, Conversion(target: wide)), try context.convert(exponent, Conversion(target: wide)),
      Power())
    return [try context.convert(result, Conversion(target: base.dataType))]
  }

  // MARK: Inference

  @Sendable private static func inferPower(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(TensorType(context.dataType(0), try Broadcast.shape([context.shape(0), context.shape(1)])))]
  }

  @Sendable private static func propagateAdd(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [.zip(context.symbols(0), context.symbols(1), +)]
  }

  @Sendable private static func propagateSubtract(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [.zip(context.symbols(0), context.symbols(1), -)]
  }

  @Sendable private static func propagateMultiply(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [.zip(context.symbols(0), context.symbols(1), *)]
  }

  /// Numbers are divided as the kernel does; symbols only where the division is exact, or rounds down.
  @Sendable private static func propagateDivide(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [
      .zip(context.symbols(0), context.symbols(1)) { a, b in
        guard case (.fixed(let x), .fixed(let y)) = (a, b) else {
          return a.isKnownNotNegative && b.isKnownNotNegative ? a.dividedFloor(by: b) : a / b
        }
        return y == 0 ? .unknown : .fixed(x.dividedReportingOverflow(by: y).partialValue)
      }
    ]
  }

  @Sendable private static func propagateRemainder(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    let truncates = context.attributes.int("fmod", default: 0) != 0
    return [
      .zip(context.symbols(0), context.symbols(1)) { a, b in
        guard case (.fixed(let x), .fixed(let y)) = (a, b) else {
          return a.isKnownNotNegative && b.isKnownNotNegative ? a - a.dividedFloor(by: b) * b : .unknown
        }
        if y == 0 { return .unknown }
        return .fixed(truncates ? TruncatedRemainder().apply(x, y) : FlooredRemainder().apply(x, y))
      }
    ]
  }
}
