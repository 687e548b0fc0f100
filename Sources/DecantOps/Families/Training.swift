internal import DecantIR

/// Steps of optimizers, from ONNX's preview of training: a rate, a count of steps, then the tensors, their gradients and
/// their states.
enum Training {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      name("Adagrad"), schema: form([.init("decay_factor", .float), .init("epsilon", .float), norm]),
      infer: inferStates1, evaluate: AdagradKernel.evaluate),
    OpDefinition(
      name("Adam"),
      schema: form([
        .init("alpha", .float), .init("beta", .float), .init("epsilon", .float), norm,
        .init("norm_coefficient_post", .float),
      ]),
      infer: inferStates2, evaluate: AdamKernel.evaluate),
    OpDefinition(
      name("Momentum"),
      schema: form([
        .init("alpha", .float, isRequired: true), .init("beta", .float, isRequired: true),
        .init("mode", .string, isRequired: true), .init("norm_coefficient", .float, isRequired: true),
      ]),
      infer: inferStates1, evaluate: MomentumKernel.evaluate),
  ]

  private static let norm = OpSchema.AttributeRule("norm_coefficient", .float)

  private static func name(_ type: String) -> OpName { OpName(type, domain: "ai.onnx.preview.training") }

  private static func form(_ attributes: [OpSchema.AttributeRule]) -> OpSchema {
    OpSchema(since: 1, reads: ["R", "T", "inputs*"], gives: ["outputs*"], attributes: attributes)
  }

  private static func inferStates1(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try infer(context, states: 1)
  }

  private static func inferStates2(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try infer(context, states: 2)
  }

  /// Tensors and states keep their types.
  private static func infer(_ context: InferenceContext, states: Int) throws(OpError) -> [ValueType] {
    let count = try tensorCount(operands: context.types.count, states: states)
    return (0..<count).map { context.type(2 + $0) } + (0..<count * states).map { context.type(2 + 2 * count + $0) }
  }

  /// How many tensors a step optimizes, each of which has a gradient and `states` states.
  static func tensorCount(operands: Int, states: Int) throws(OpError) -> Int {
    guard operands > 2, (operands - 2) % (2 + states) == 0 else {
      throw OpError("expected 2 operands and a multiple of \(2 + states), got \(operands)")
    }
    return (operands - 2) / (2 + states)
  }
}
