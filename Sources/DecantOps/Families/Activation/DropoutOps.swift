internal import DecantIR

/// Dropout, which outside training passes its operand on.
enum DropoutOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Dropout",
      schema: OpSchema(
        since: 1, reads: ["data", "ratio?", "training_mode?"], gives: ["output", "mask?"],
        attributes: [.init("seed", .int)]),
      infer: infer, evaluate: evaluate)
  ]

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [context.type(0), .tensor(.bool, context.shape(0))]
  }

  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let data = try context.operand(0)
    if let mode = try context.optionalOperand(2), mode.array(of: Boolean.self)?.contains(where: \.value) == true {
      let ratio = try context.optionalOperand(1)?.floats?.first ?? 0.5
      guard ratio == 0 else { throw OpError("dropout in training mode draws random numbers", kind: .unsupported) }
    }
    guard context.resultCount > 1 else { return [data] }
    let mask = try context.make(Boolean.self, shape: data.shape) { mask in
      for index in 0..<mask.count { mask[index] = Boolean(true) }
    }
    return [data, mask]
  }
}
