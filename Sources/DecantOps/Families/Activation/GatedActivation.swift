internal import DecantIR

/// Activations in which one operand gates another.
enum GatedActivation {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "SwiGLU", schema: OpSchema(since: 28, reads: ["A", "B"], gives: ["Y"], attributes: [.init("alpha", .float)]),
      infer: infer, evaluate: SwishGate.evaluate)
  ]

  /// Operands of one shape, without broadcasting.
  private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = try context.commonDataType()
    guard let a = context.shape(0), let b = context.shape(1) else {
      return [.tensor(.init(type, context.shape(0) ?? context.shape(1)))]
    }
    guard let shape = a.merged(with: b) else { throw OpError("operand 1: expected shape \(a), got \(b)") }
    return [.tensor(.init(type, shape))]
  }
}

/// `SwiGLU`: `swish(A) · B`.
private enum SwishGate: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b) = (try context.operand(0), try context.operand(1))
    guard a.type == b.type else { throw OpError("operand 1: expected \(a.type), got \(b.type)") }
    let swish = SwishFunction(alpha: context.attributes.float("alpha", default: 1))
    let values = zip(try context.numbers(0, as: T.self), try context.numbers(1, as: T.self)).map {
      swish.apply($0) * $1
    }
    return [try context.result(values, shape: a.shape, as: a.dataType)]
  }
}
