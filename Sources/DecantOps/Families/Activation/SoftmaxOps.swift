internal import DecantIR

/// Functions of all elements along one axis that sum to 1.
enum SoftmaxOps {
  static let definitions: [OpDefinition] = [
    OpDefinition("Hardmax", schema: form, infer: infer, evaluate: hardmax),
    OpDefinition("LogSoftmax", schema: form, infer: infer, evaluate: logSoftmax),
    OpDefinition("Softmax", schema: form, infer: infer, evaluate: softmax, quantization: .arithmetic),
  ]

  private static let form = OpSchema(since: 1, reads: ["input"], attributes: [.init("axis", .int)])

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if let rank = context.shape(0)?.rank {
      _ = try context.normalize(axis: context.attributes.int("axis", default: -1), rank: rank)
    }
    return [context.type(0)]
  }

  @Sendable private static func softmax(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try evaluate(context, SoftmaxLine(rounding: StepRounding(to: try context.operand(0).dataType)))]
  }

  @Sendable private static func logSoftmax(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try evaluate(context, LogSoftmaxLine())]
  }

  @Sendable private static func hardmax(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try evaluate(context, HardmaxLine())]
  }

  private static func evaluate(_ context: EvaluationContext, _ kernel: some LineKernel) throws(OpError) -> Tensor {
    let tensor = try context.operand(0)
    let axis = try context.normalize(axis: context.attributes.int("axis", default: -1), rank: tensor.rank)
    return try context.mapLines(tensor, axis: axis, kernel)
  }
}
