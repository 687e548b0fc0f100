internal import DecantIR

/// `EmbedLayerNormalization`: the sum of a word's, a position's and a segment's embedding, normalized.
enum EmbeddingNormalizationKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let ids = try context.operand(0)
    guard ids.rank == 2 else { throw OpError("operand 0: expected ids [batch,sequence], got \(ids.shape)") }
    let (batch, length) = (ids.shape[0], ids.shape[1])
    let words = try Table(context, 2)
    let shape = [batch, length, words.width]
    try context.checkSize(.float32, shape: shape)
    try context.checkSize(.int64, shape: [batch])
    var sum = [Float](repeating: 0, count: shape.reduce(1, *))
    try words.add(try context.integers(0), to: &sum)
    try Table(context, 3).add(try positions(context, batch: batch, length: length), to: &sum)
    if try context.optionalOperand(4) != nil, try context.optionalOperand(1) != nil {
      try Table(context, 4).add(try context.integers(1), to: &sum)
    }
    let whole = Tensor(sum, shape: shape)
    let normalized = try LayerNormalizationKernel.evaluate(
      context.with(
        [whole, try context.optionalWidened(5), try context.optionalWidened(6)],
        attributes: ContribNormalization.attributes(context.attributes)))
    let type = Conversion(target: try context.operand(2).dataType)
    return [
      try context.convert(normalized[0], type), try maskIndex(context, batch: batch, length: length),
      try context.convert(whole, type),
    ]
  }

  /// Given for all sequences, for each one, or counted from 0.
  private static func positions(_ context: EvaluationContext, batch: Int, length: Int) throws(OpError) -> [Int] {
    guard let given = try context.optionalOperand(8) else { return (0..<batch).flatMap { _ in 0..<length } }
    guard given.shape == [batch, length] || given.shape == [1, length] else {
      throw OpError("operand 8: expected shape [\(batch),\(length)] or [1,\(length)], got \(given.shape)")
    }
    let values = try context.integers(8)
    return given.shape[0] == batch ? values : (0..<batch).flatMap { _ in values }
  }

  /// How many words of each sequence the mask shows; 0 without a mask.
  private static func maskIndex(_ context: EvaluationContext, batch: Int, length: Int) throws(OpError) -> Tensor {
    var counts = [Int32](repeating: 0, count: batch)
    if let mask = try context.optionalOperand(7) {
      guard mask.shape == [batch, length] else {
        throw OpError("operand 7: expected shape [\(batch),\(length)], got \(mask.shape)")
      }
      for (place, value) in try context.integers(7).enumerated() where value == 1 { counts[place / length] += 1 }
    }
    return Tensor(counts)
  }

  /// A matrix of embeddings, one a row.
  private struct Table {
    let width: Int
    private let rows: Int
    private let values: [Float]
    private let index: Int

    init(_ context: EvaluationContext, _ index: Int) throws(OpError) {
      let tensor = try context.operand(index)
      guard tensor.rank == 2 else { throw OpError("operand \(index): expected a matrix, got \(tensor.shape)") }
      (rows, width) = (tensor.shape[0], tensor.shape[1])
      values = try context.numbers(index, as: Float.self)
      self.index = index
    }

    /// Adds the embedding of each of `ids` to the row of `sum` at its place.
    func add(_ ids: [Int], to sum: inout [Float]) throws(OpError) {
      guard ids.count.multipliedReportingOverflow(by: width) == (sum.count, false) else {
        throw OpError("expected ids and embeddings for \(sum.count) elements, got \(ids.count) of \(width)")
      }
      for (place, id) in ids.enumerated() {
        guard id >= 0, id < rows else { throw OpError("operand \(index) has \(rows) rows, got the index \(id)") }
        for column in 0..<width { sum[place * width + column] += values[id * width + column] }
      }
    }
  }
}
