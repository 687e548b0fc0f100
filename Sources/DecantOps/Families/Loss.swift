internal import DecantIR

/// Losses of classifications.
enum Loss {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "NegativeLogLikelihoodLoss",
      schema: OpSchema(since: 12, reads: ["input", "target", "weight?"], gives: ["loss"], attributes: attributes),
      infer: infer, evaluate: NegativeLogLikelihood.evaluate),
    OpDefinition(
      "SoftmaxCrossEntropyLoss",
      schema: OpSchema(
        since: 12, reads: ["scores", "labels", "weights?"], gives: ["output", "log_prob?"], attributes: attributes),
      infer: infer, evaluate: SoftmaxCrossEntropy.evaluate),
  ]

  private static let attributes: [OpSchema.AttributeRule] = [.init("ignore_index", .int), .init("reduction", .string)]

  /// Each loss has the shape of the targets; a sum or a mean is a scalar.
  private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    var losses: Shape? = context.shape(1)
    if let x = context.shape(0) {
      guard x.rank >= 2 else { throw OpError("operand 0: expected rank 2 or more, got \(x)") }
      let own = Shape([x[0]] + x.dimensions[2...])
      if let given = losses, given.merged(with: own) == nil {
        throw OpError("operand 1: expected shape \(own), got \(given)")
      }
      losses = losses?.merged(with: own) ?? own
    }
    let isWhole = try context.attributes.choice("reduction", of: reductions) != "none"
    return [.tensor(TensorType(context.dataType(0), isWhole ? [] : losses)), context.type(0)]
  }

  /// What becomes of the single losses.
  static let reductions = ["mean", "none", "sum"]
}
