internal import DecantIR

/// Operators from codes to codes, element by element: each has a scale and a zero point for every operand and its result.
enum QLinearArithmetic {
  static let definitions: [OpDefinition] = [
    OpDefinition(.microsoft("QLinearAdd"), schema: binary, infer: inferBinary, evaluate: add),
    OpDefinition(
      .microsoft("QLinearConcat"),
      schema: OpSchema(
        since: 1, reads: ["Y_scale", "Y_zero_point", "inputs*"], gives: ["Y"],
        attributes: [.init("axis", .int, isRequired: true)]),
      infer: inferConcat, evaluate: concat),
    OpDefinition(
      .microsoft("QLinearLeakyRelu"), schema: unary(attributes: [.init("alpha", .float)]), infer: Infer.sameType,
      evaluate: leakyRelu),
    OpDefinition(.microsoft("QLinearMul"), schema: binary, infer: inferBinary, evaluate: multiply),
    OpDefinition(.microsoft("QLinearSigmoid"), schema: unary(), infer: Infer.sameType, evaluate: sigmoid),
    OpDefinition(
      .microsoft("QLinearWhere"),
      schema: OpSchema(
        since: 1,
        reads: [
          "condition", "X", "x_scale", "x_zero_point", "Y", "y_scale", "y_zero_point", "z_scale", "z_zero_point",
        ],
        gives: ["Z"]),
      infer: inferWhere, evaluate: select),
  ]

  private static let binary = OpSchema(
    since: 1,
    reads: ["A", "A_scale", "A_zero_point", "B", "B_scale", "B_zero_point", "C_scale", "C_zero_point?"], gives: ["C"])

  private static func unary(attributes: [OpSchema.AttributeRule] = []) -> OpSchema {
    OpSchema(
      since: 1, reads: ["X", "X_scale", "X_zero_point", "Y_scale", "Y_zero_point?"], gives: ["Y"],
      attributes: attributes)
  }

  // MARK: One operand

  @Sendable private static func leakyRelu(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let function = LeakyRectifier(alpha: context.attributes.float("alpha", default: 0.01))
    return [try map(context) { function.apply($0) }]
  }

  @Sendable private static func sigmoid(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let function = LogisticSigmoid()
    return [try map(context) { function.apply($0) }]
  }

  private static func map(_ context: EvaluationContext, _ function: (Float) -> Float) throws(OpError) -> Tensor {
    let x = try QuantizedTensor(context, 0, scale: 1, zeroPoint: 2)
    return x.mapped(to: try ByteGrid(context, scale: 3, zeroPoint: 4, x.grid.dataType), function)
  }

  // MARK: Two operands

  private static func inferBinary(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [
      .tensor(
        .init(context.dataType(0) ?? context.dataType(3), try Broadcast.shape([context.shape(0), context.shape(3)])))
    ]
  }

  /// The zero points and scales come together in one constant, as ONNX Runtime has it, so that codes round alike; the
  /// result's zero point is added before rounding, not after.
  @Sendable private static func add(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b, result) = try operands(context)
    let (left, right) = (a.grid.scale / result.scale, b.grid.scale / result.scale)
    let fixed = Float(result.zero) - (left * Float(a.grid.zero) + right * Float(b.grid.zero))
    return [try pairwise(context, a, b, result) { x, y in result.nearest((fixed + left * x) + right * y) }]
  }

  @Sendable private static func multiply(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b, result) = try operands(context)
    let (left, right) = (Float(a.grid.zero), Float(b.grid.zero))
    let factor = a.grid.scale * b.grid.scale / result.scale
    let zero = Float(result.zero)
    return [try pairwise(context, a, b, result) { x, y in result.nearest((x - left) * (y - right) * factor + zero) }]
  }

  private static func operands(
    _ context: EvaluationContext
  ) throws(OpError) -> (a: QuantizedTensor, b: QuantizedTensor, result: ByteGrid) {
    let a = try QuantizedTensor(context, 0, scale: 1, zeroPoint: 2)
    let b = try QuantizedTensor(context, 3, scale: 4, zeroPoint: 5)
    guard a.grid.dataType == b.grid.dataType else {
      throw OpError("expected codes of one type, got \(a.grid.dataType) and \(b.grid.dataType)")
    }
    return (a, b, try ByteGrid(context, scale: 6, zeroPoint: 7, a.grid.dataType))
  }

  private static func pairwise(
    _ context: EvaluationContext, _ a: QuantizedTensor, _ b: QuantizedTensor, _ target: ByteGrid,
    _ body: (Float, Float) -> Int
  ) throws(OpError) -> Tensor {
    let plan = try BroadcastPlan([a.shape, b.shape])
    try context.checkSize(.int64, shape: plan.shape)
    var codes: [Int] = []
    codes.reserveCapacity(plan.count)
    plan.forEachRun { _, places in
      for step in 0..<plan.run {
        let x = a.codes[places[0] + step * plan.runStrides[0]]
        codes.append(body(Float(x), Float(b.codes[places[1] + step * plan.runStrides[1]])))
      }
    }
    return target.tensor(codes, shape: plan.shape)
  }

  // MARK: Concat

  private static func inferConcat(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let tensors = stride(from: 2, to: context.types.count, by: 3).map { $0 as Int? }
    let joined = try JoinOps.inferConcat(context.with(operands: tensors))
    return [.tensor(.init(context.dataType(1), joined[0].shape))]
  }

  @Sendable private static func concat(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    guard context.operands.count >= 5, context.operands.count % 3 == 2 else {
      throw OpError("expected a scale and a zero point for each tensor, got \(context.operands.count) operands")
    }
    let target = try ByteGrid(context, scale: 0, zeroPoint: 1, try context.operand(1).dataType)
    var parts: [Tensor] = []
    for index in stride(from: 2, to: context.operands.count, by: 3) {
      let part = try QuantizedTensor(context, index, scale: index + 1, zeroPoint: index + 2)
      parts.append(part.mapped(to: target) { $0 })
    }
    return try JoinOps.concat(context.with(parts))
  }

  // MARK: Where

  private static func inferWhere(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try Selection.inferWhere(context.with(operands: [0, 1, 4]))
  }

  @Sendable private static func select(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try QuantizedTensor(context, 1, scale: 2, zeroPoint: 3)
    let y = try QuantizedTensor(context, 4, scale: 5, zeroPoint: 6)
    let target = try ByteGrid(context, scale: 7, zeroPoint: 8, x.grid.dataType)
    return try Selection.select(
      context.with([try context.operand(0), x.mapped(to: target) { $0 }, y.mapped(to: target) { $0 }]))
  }
}
