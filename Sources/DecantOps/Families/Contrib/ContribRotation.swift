internal import DecantIR

/// Positions as rotations, with every position or only the first one given.
enum ContribRotation {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("RotaryEmbedding"),
      schema: OpSchema(
        since: 1, reads: ["input", "position_ids", "cos_cache", "sin_cache"],
        attributes: [
          .init("interleaved", .int), .init("is_packed_batching", .int), .init("num_heads", .int),
          .init("rotary_embedding_dim", .int), .init("scale", .float),
        ]),
      infer: Infer.sameType, evaluate: evaluate)
  ]

  /// ONNX Runtime reads 'scale' and 'is_packed_batching', and computes the same with every value of them.
  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, cosines) = (try context.operand(0), try context.operand(2))
    guard x.rank == 3 || x.rank == 4, cosines.rank == 2 else {
      throw OpError("expected an input of rank 3 or 4 and a cache of rank 2, got \(x.shape) and \(cosines.shape)")
    }
    var attributes = context.attributes
    if x.rank == 3, attributes.int("num_heads", default: 0) == 0 {
      let size = try product(cosines.shape[1], 2)
      guard size > 0, x.shape[2] % size == 0 else {
        throw OpError("expected heads of \(size) elements to fill \(x.shape[2])")
      }
      attributes["num_heads"] = .int(Int64(max(x.shape[2] / size, 1)))
    }
    let positions = try positions(context, batch: x.shape[0], length: x.rank == 3 ? x.shape[1] : x.shape[2])
    return try RotaryKernel.evaluate(
      context.with([x, cosines, try context.operand(3), positions], attributes: attributes))
  }

  /// As `[batch, length]`; a single number is the position of the first element of each sequence.
  private static func positions(_ context: EvaluationContext, batch: Int, length: Int) throws(OpError) -> Tensor {
    let given = try context.operand(1)
    if given.shape == [batch, length], given.rank == 2 { return given }
    let values = try context.integers(1)
    guard given.rank == 1, values.count == 1 else {
      throw OpError("operand 1: expected shape [1] or [\(batch),\(length)], got \(given.shape)")
    }
    let first = values[0]
    guard first >= 0, first <= Int(Int32.max) else {
      throw OpError("operand 1: expected a position in 0...\(Int32.max), got \(first)")
    }
    try context.checkSize(.int64, shape: [batch])
    try context.checkSize(.int64, shape: [batch, length])
    return Tensor((0..<batch).flatMap { _ in (0..<length).map { Int64(first + $0) } }, shape: [batch, length])
  }
}
