internal import DecantIR

/// Running sums and products.
enum CumulativeOps {
  static let definitions: [OpDefinition] = [
    OpDefinition("CumProd", schema: form(since: 26), infer: Infer.sameType, evaluate: product),
    OpDefinition(
      "CumSum", schema: form(since: 11), infer: Infer.sameType, evaluate: sum, quantization: .arithmetic),
  ]

  private static func form(since: Int) -> OpSchema {
    OpSchema(
      since: since, reads: ["x", "axis"], gives: ["y"], attributes: [.init("exclusive", .int), .init("reverse", .int)])
  }

  @Sendable private static func sum(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try evaluate(context, Addition(), from: 0)]
  }

  @Sendable private static func product(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try evaluate(context, Multiplication(), from: 1)]
  }

  private static func evaluate(
    _ context: EvaluationContext, _ kernel: some BinaryKernel, from start: Int8
  ) throws(OpError) -> Tensor {
    let tensor = try context.operand(0)
    let axes = try context.integers(1)
    guard axes.count == 1 else { throw OpError("'axis' expected one number, got \(axes.count)") }
    let scan = Scan(
      axis: try context.normalize(axis: axes[0], rank: tensor.rank),
      isExclusive: context.attributes.int("exclusive", default: 0) != 0,
      isReversed: context.attributes.int("reverse", default: 0) != 0)
    return try context.scan(tensor, scan, kernel, from: start)
  }
}
