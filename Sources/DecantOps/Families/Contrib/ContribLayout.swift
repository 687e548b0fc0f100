internal import DecantIR

/// Triangles, inverses, and pooling with the channels last.
enum ContribLayout {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("Inverse"), schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"]), infer: inferInverse,
      evaluate: InverseKernel.evaluate),
    OpDefinition(
      .microsoft("NhwcMaxPool"),
      schema: OpSchema(since: 1, reads: ["x"], gives: ["y"], attributes: Pooling.window), infer: inferMaxPool,
      evaluate: maxPool, quantization: .passThrough),
    OpDefinition(
      .microsoft("Trilu"),
      schema: OpSchema(since: 1, reads: ["X", "k?"], gives: ["Y"], attributes: [.init("upper", .int)]),
      infer: Infer.sameType, evaluate: MaskOps.triangle),
  ]

  private static func inferInverse(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if let shape = context.shape(0) {
      guard shape.rank >= 2 else { throw OpError("operand 0: expected square matrices, got \(shape)") }
      if let rows = shape[shape.rank - 2].fixed, let columns = shape[shape.rank - 1].fixed, rows != columns {
        throw OpError("operand 0: expected square matrices, got \(shape)")
      }
    }
    return [context.type(0)]
  }

  private static func inferMaxPool(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let x = context.shape(0) else { return [.tensor(.init(context.dataType(0), nil))] }
    guard x.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(x)") }
    let rule = try WindowRule(context.attributes, kernel: context.attributes.ints("kernel_shape") ?? [])
    let spatial = try rule.outputs(Array(x.dimensions[1..<x.rank - 1]))
    return [.tensor(.init(context.dataType(0), Shape([x[0]] + spatial + [x[x.rank - 1]])))]
  }

  @Sendable private static func maxPool(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try ChannelOrder.first(try context.operand(0), context)
    return [try ChannelOrder.last(try MaxPoolKernel.evaluateAny(context.with([x]))[0], context)]
  }
}

/// Images with their channels in front of the plane, and behind it.
enum ChannelOrder {
  /// What `infer` gives for operand 0 with its channels in front, with the channels behind again.
  static func inferLast(
    _ context: InferenceContext, _ infer: (InferenceContext) throws(OpError) -> [ValueType]
  ) throws(OpError) -> [ValueType] {
    var types = context.types
    if let shape = context.shape(0) {
      guard shape.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(shape)") }
      let first = Shape([shape[0], shape[shape.rank - 1]] + shape.dimensions[1..<shape.rank - 1])
      types[0] = .tensor(.init(context.dataType(0), first))
    }
    let own = InferenceContext(
      op: context.op, attributes: context.attributes, types: types, resultCount: 1, constants: context.constants)
    let result = try infer(own)[0]
    guard let shape = result.shape, shape.rank >= 3 else { return [result] }
    return [.tensor(.init(result.dataType, Shape([shape[0]] + shape.dimensions[2...] + [shape[1]])))]
  }

  /// `[N, …, C]` as `[N, C, …]`.
  static func first(_ tensor: Tensor, _ context: EvaluationContext) throws(OpError) -> Tensor {
    guard tensor.rank >= 3 else { throw OpError("expected rank 3 or more, got \(tensor.shape)") }
    return try TransposeOps.permute(context, tensor, [0, tensor.rank - 1] + Array(1..<tensor.rank - 1))
  }

  /// `[N, C, …]` as `[N, …, C]`.
  static func last(_ tensor: Tensor, _ context: EvaluationContext) throws(OpError) -> Tensor {
    guard tensor.rank >= 3 else { throw OpError("expected rank 3 or more, got \(tensor.shape)") }
    return try TransposeOps.permute(context, tensor, [0] + Array(2..<tensor.rank) + [1])
  }
}
