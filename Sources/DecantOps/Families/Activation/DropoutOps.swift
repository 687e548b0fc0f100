internal import DecantIR

/// Dropout, which outside training passes its operand on.
enum DropoutOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Dropout",
      schema: OpSchema(
        since: 1, reads: ["data", "ratio?", "training_mode?"], gives: ["output", "mask?"],
        attributes: [.init("seed", .int)], isDeterministic: false),
      infer: infer, evaluate: evaluate)
  ]

  @Sendable static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [context.type(0), .tensor(.bool, context.shape(0))]
  }

  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let data = try context.operand(0)
    let ratio = try ratio(context)
    var isKept = [Boolean](repeating: Boolean(true), count: 0)
    if ratio > 0 {
      try context.checkSize(.bool, shape: data.shape)
      var source = RandomSource(context)
      isKept = (0..<data.elementCount).map { _ in Boolean(source.uniform() >= ratio) }
    }
    let result = ratio > 0 ? try drop(data, isKept, scale: 1 / (1 - ratio), context) : data
    guard context.resultCount > 1 else { return [result] }
    let mask = try context.make(Boolean.self, shape: data.shape) { mask in
      for index in 0..<mask.count { mask[index] = ratio > 0 ? isKept[index] : Boolean(true) }
    }
    return [result, mask]
  }

  /// The share that is dropped: 0 outside training.
  private static func ratio(_ context: EvaluationContext) throws(OpError) -> Double {
    guard let mode = try context.optionalOperand(2), try BranchKernel.truth(mode, what: "operand 2") else { return 0 }
    guard let tensor = try context.optionalOperand(1) else { return 0.5 }
    guard tensor.elementCount == 1, let ratio = try context.numbers(1, as: Double.self).first, ratio >= 0, ratio < 1
    else { throw OpError("operand 1: expected one number in 0..<1, got \(tensor.type)") }
    return ratio
  }

  /// The elements that are kept, scaled so that their mean stays, and zeroes.
  private static func drop(
    _ data: Tensor, _ isKept: [Boolean], scale: Double, _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    guard data.dataType.isFloat else { throw context.expected("floats", data) }
    let values = try context.numbers(0, as: Double.self)
    let wide = Tensor(zip(values, isKept).map { $1.value ? $0 * scale : 0 }, shape: data.shape)
    return try context.convert(wide, Conversion(target: data.dataType))
  }
}
