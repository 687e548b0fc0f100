internal import DecantIR

/// Products of matrices of codes whose results are floats, or codes again.
enum ContribIntegerProducts {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("DynamicQuantizeMatMul"),
      schema: OpSchema(since: 1, reads: ["A", "B", "b_scale", "b_zero_point?", "bias?"], gives: ["Y"]),
      infer: inferProduct, evaluate: multiplyDynamically),
    OpDefinition(
      .microsoft("MatMulIntegerToFloat"),
      schema: OpSchema(
        since: 1, reads: ["A", "B", "a_scale", "b_scale", "a_zero_point?", "b_zero_point?", "bias?"], gives: ["Y"]),
      infer: inferProduct, evaluate: multiply),
    OpDefinition(
      .microsoft("QGemm"),
      schema: OpSchema(
        since: 1,
        reads: [
          "A", "a_scale", "a_zero_point", "B", "b_scale", "b_zero_point", "C?", "y_scale?", "y_zero_point?",
        ],
        gives: ["Y"], attributes: [.init("alpha", .float), .init("transA", .int), .init("transB", .int)]),
      infer: inferGemm, evaluate: multiplyAndAdd),
  ]

  // MARK: MatMul

  /// Operand 2 is a scale, in whose type the result is.
  private static func inferProduct(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(context.dataType(2), try MatMul.productShape(context.shape(0), context.shape(1))))]
  }

  /// The left side is quantized to u8 over its own range first.
  @Sendable private static func multiplyDynamically(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let left = try DynamicQuantizeKernel.evaluate(context)
    return try multiply(
      context.with([
        left[0], try context.operand(1), left[1], try context.operand(2), left[2], try context.optionalOperand(3),
        try context.optionalOperand(4),
      ]))
  }

  @Sendable static func multiply(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (sums, _, columns) = try IntegerMatMul.sums(context, a: (0, 4), b: (1, 5))
    let left = try QuantizedOperands.scale(context, 2)
    let factors = try QuantizedOperands.scales(context, 3, count: columns).map { left * $0 }
    let bias = try context.optionalNumbers(6, shape: [columns], as: Float.self)
    let values = (sums.array(of: Int32.self) ?? []).enumerated().map { place, sum in
      let value = Float(sum) * factors[factors.count == 1 ? 0 : place % columns]
      return bias.map { value + $0[place % columns] } ?? value
    }
    return [try context.result(values, shape: sums.shape, as: try context.operand(2).dataType)]
  }

  // MARK: QGemm

  private static func inferGemm(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let product = try MatMul.inferGemm(context.with(operands: [0, 3, 6]))
    return [.tensor(.init(context.has(8) ? context.dataType(8) : .float32, product[0].shape))]
  }

  @Sendable private static func multiplyAndAdd(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let flipsA = MatMul.flag(context.attributes, "transA")
    let flipsB = MatMul.flag(context.attributes, "transB")
    let a = try QuantizedOperands.centered(context, 0, zeroPoint: 2, axis: flipsA ? 1 : 0)
    let b = try QuantizedOperands.centered(context, 3, zeroPoint: 5, axis: flipsB ? 0 : 1)
    if let c = try context.optionalOperand(6), c.dataType != .int32 {
      throw OpError("operand 6: expected i32, got \(c.dataType)")
    }
    let exact: Attributes = ["transA": .int(flipsA ? 1 : 0), "transB": .int(flipsB ? 1 : 0)]
    let sums = try GemmKernel.evaluateNumbers(
      context.with([a, b, try context.optionalOperand(6)], attributes: exact))[0]
    let columns = sums.shape[1]
    let factor = context.attributes.float("alpha", default: 1) * (try QuantizedOperands.scale(context, 1))
    let factors = try QuantizedOperands.scales(context, 4, count: columns).map { factor * $0 }
    let values = sums.array(of: Int32.self) ?? []
    guard try context.optionalOperand(8) != nil else {
      guard try context.optionalOperand(7) == nil else {
        throw OpError("expected 'y_scale' and 'y_zero_point' together")
      }
      let floats = values.enumerated().map { Float($1) * factors[factors.count == 1 ? 0 : $0 % columns] }
      return [Tensor(floats, shape: sums.shape)]
    }
    let scale = try QuantizedOperands.scale(context, 7)
    let result = try QuantizedOperands.requantize(values, shape: sums.shape, zeroPoint: 8, context) { place in
      factors[factors.count == 1 ? 0 : place % columns] / scale
    }
    return [result]
  }
}
