internal import DecantIR

/// Recurrent layers whose weights are codes of 8 bits.
enum ContribRecurrent {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("DynamicQuantizeLSTM"),
      schema: OpSchema(
        since: 1,
        reads: [
          "X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?", "W_scale", "W_zero_point", "R_scale",
          "R_zero_point",
        ],
        gives: ["Y?", "Y_h?", "Y_c?"],
        attributes: Recurrent.common.filter { $0.name != "layout" } + [.init("input_forget", .int)]),
      infer: infer, evaluate: evaluate)
  ]

  private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    var types = context.types
    if let r = context.shape(2), r.rank == 3 { types[2] = .tensor(.init(context.dataType(0), [r[0], r[2], r[1]])) }
    return try Recurrent.infer(
      InferenceContext(
        op: context.op, attributes: context.attributes, types: types, resultCount: context.resultCount,
        constants: context.constants))
  }

  /// Inputs and states are rounded to 8 bits over their own range; the products of their codes are then those of the
  /// numbers that the codes stand for.
  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard x.rank == 3, let values = x.array(of: Float.self) else { throw context.expected("f32 of rank 3", x) }
    // Steps that no sequence reaches do not count for the range.
    let steps = try context.optionalOperand(4) == nil ? x.shape[0] : try context.integers(4).max() ?? 0
    let reached = min(max(steps, 0), x.shape[0]) * (x.shape[0] > 0 ? values.count / x.shape[0] : 0)
    let range = ByteRange(Array(values[..<reached]))
    var operands: [Tensor?] = [Tensor(values.map(range.rounded), shape: x.shape)]
    operands.append(try weights(context, 1, scale: 8, zeroPoint: 9))
    operands.append(try weights(context, 2, scale: 10, zeroPoint: 11))
    for index in 3..<8 { operands.append(try context.optionalOperand(index)) }
    return try LSTMKernel.evaluate(Float.self, context.with(operands, results: 3)) { state in
      state.map(ByteRange(state).rounded)
    }
  }

  /// Codes `[directions, inputs, 4 · hidden]` as numbers `[directions, 4 · hidden, inputs]`.
  private static func weights(
    _ context: EvaluationContext, _ index: Int, scale: Int, zeroPoint: Int
  ) throws(OpError) -> Tensor {
    let codes = try context.operand(index)
    guard codes.rank == 3, codes.dataType == .int8 || codes.dataType == .uint8 else {
      throw OpError("operand \(index): expected i8 or u8 of rank 3, got \(codes.dataType)\(codes.shape)")
    }
    let (directions, columns) = (codes.shape[0], codes.shape[2])
    let (scales, points) = (try context.operand(scale), try context.operand(zeroPoint))
    for parameters in [scales, points] {
      guard [[directions], [directions, columns]].contains(parameters.shape) else {
        throw OpError(
          "expected scales and zero points [\(directions)] or [\(directions),\(columns)], got \(parameters.shape)")
      }
    }
    guard points.dataType == codes.dataType else { throw context.expectedOneType(codes, points) }
    func spread(_ tensor: Tensor) -> Tensor {
      tensor.reshaped([directions, 1, tensor.rank == 1 ? 1 : columns])
    }
    let float = Conversion(target: .float32)
    let centered = try context.pairwise(
      try context.convert(codes, float), spread(try context.convert(points, float)), Subtraction())
    let numbers = try context.pairwise(centered, spread(try context.convert(scales, float)), Multiplication())
    return try TransposeOps.permute(context, numbers, [0, 2, 1])
  }
}
