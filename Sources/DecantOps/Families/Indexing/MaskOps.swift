internal import DecantIR

/// Triangles of matrices, and sequences reversed up to their lengths.
enum MaskOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "ReverseSequence",
      schema: OpSchema(
        since: 10, reads: ["input", "sequence_lens"], gives: ["Y"],
        attributes: [.init("batch_axis", .int), .init("time_axis", .int)]),
      infer: Infer.sameType, evaluate: reverseSequence),
    OpDefinition(
      "Trilu", schema: OpSchema(since: 14, reads: ["input", "k?"], attributes: [.init("upper", .int)]),
      infer: Infer.sameType, evaluate: triangle),
  ]

  @Sendable static func triangle(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    guard tensor.rank >= 2 else { throw context.expected("a matrix or more axes", tensor) }
    let shift = try context.optionalOperand(1) == nil ? [0] : try context.integers(1)
    guard shift.count == 1 else { throw OpError("'k' expected one number, got \(shift.count)") }
    let triangle = Triangle(
      rows: tensor.shape[tensor.rank - 2], columns: tensor.shape[tensor.rank - 1], shift: shift[0],
      isUpper: context.attributes.int("upper", default: 1) != 0)
    return [try context.move([tensor], shape: tensor.shape, triangle)]
  }

  @Sendable private static func reverseSequence(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    guard tensor.rank >= 2 else { throw context.expected("two axes or more", tensor) }
    let time = try context.normalize(axis: context.attributes.int("time_axis", default: 0), rank: tensor.rank)
    let batch = try context.normalize(axis: context.attributes.int("batch_axis", default: 1), rank: tensor.rank)
    let lengths = try context.integers(1)
    guard Set([time, batch]) == [0, 1] else {
      throw OpError("expected the axes 0 and 1 for time and batch, got \(time) and \(batch)")
    }
    guard lengths.count == tensor.shape[batch], lengths.allSatisfy({ (0...tensor.shape[time]).contains($0) }) else {
      throw OpError("expected \(tensor.shape[batch]) lengths in 0...\(tensor.shape[time]), got \(lengths)")
    }
    let chunk = tensor.shape[2...].reduce(1, *)
    var places: [Int] = []
    for row in 0..<tensor.shape[0] {
      for column in 0..<tensor.shape[1] {
        let (step, length) = time == 0 ? (row, lengths[column]) : (column, lengths[row])
        let source = step < length ? length - 1 - step : step
        places.append((time == 0 ? source * tensor.shape[1] + column : row * tensor.shape[1] + source) * chunk)
      }
    }
    return [try context.move([tensor], shape: tensor.shape, ChunkGather(places: chunk > 0 ? places : [], chunk: chunk))]
  }
}
