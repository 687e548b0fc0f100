internal import DecantIR

/// Rows of features: a matrix `[N,F]`, or a vector that is one row.
struct FeatureRows<T: KernelFloat> {
  /// How many rows.
  let count: Int
  /// How many features each has.
  let width: Int
  /// Row by row.
  let values: [T]

  /// Operand 0 of a node, integers too.
  ///
  /// - Throws: ``OpError`` when it is not of a real type, or of another rank.
  init(_ context: EvaluationContext) throws(OpError) {
    let tensor = try context.operand(0)
    guard tensor.rank == 1 || tensor.rank == 2 else {
      throw OpError("operand 0: expected rank 1 or 2, got \(tensor.shape)")
    }
    count = tensor.rank == 1 ? 1 : tensor.shape[0]
    width = tensor.shape.last ?? 0
    try context.checkSize(T.dataType, shape: tensor.shape)
    values = try context.numbers(0, as: T.self)
  }

  /// Row `index`.
  subscript(_ index: Int) -> ArraySlice<T> { values[(index * width)..<((index + 1) * width)] }
}
