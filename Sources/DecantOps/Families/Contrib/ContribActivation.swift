internal import DecantIR

/// Gaussian error linear units of several kinds, with the bias that was added before.
enum ContribActivation {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("BiasGelu"), schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["C"]), infer: infer,
      evaluate: gelu),
    OpDefinition(
      .microsoft("FastGelu"), schema: OpSchema(since: 1, reads: ["X", "bias?"], gives: ["Y"]), infer: infer,
      evaluate: fastGelu),
    OpDefinition(
      .microsoft("Gelu"), schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"]), infer: infer, evaluate: gelu),
    OpDefinition(
      .microsoft("QuickGelu"),
      schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"], attributes: [.init("alpha", .float)]), infer: infer,
      evaluate: quickGelu),
  ]

  private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if let width = context.shape(0)?.dimensions.last { try context.check(1, is: [width]) }
    return [context.type(0)]
  }

  @Sendable private static func gelu(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try apply(context, GaussianErrorLinear())]
  }

  @Sendable private static func fastGelu(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try apply(context, GaussianErrorLinearByTanh())]
  }

  @Sendable private static func quickGelu(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try apply(context, SwishFunction(alpha: context.attributes.float("alpha", default: 1.702)))]
  }

  /// `kernel` of operand 0 plus the bias along its last axis that operand 1 is; halves are rounded once.
  private static func apply(_ context: EvaluationContext, _ kernel: some UnaryKernel) throws(OpError) -> Tensor {
    let x = try context.operand(0)
    guard let bias = try context.optionalOperand(1) else { return try context.map(x, kernel) }
    guard bias.shape == x.shape.suffix(1) else {
      throw OpError("operand 1: expected shape \(x.shape.suffix(1)), got \(bias.shape)")
    }
    let sum = try context.pairwise(try context.widened(x), try context.widened(bias), Addition())
    return try context.convert(try context.map(sum, kernel), Conversion(target: x.dataType))
  }
}
