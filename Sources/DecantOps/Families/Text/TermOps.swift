internal import DecantIR

/// Counting terms.
enum TermOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "TfIdfVectorizer",
      schema: OpSchema(
        since: 9, reads: ["X"], gives: ["Y"],
        attributes: [
          .init("max_gram_length", .int, isRequired: true), .init("max_skip_count", .int, isRequired: true),
          .init("min_gram_length", .int, isRequired: true), .init("mode", .string, isRequired: true),
          .init("ngram_counts", .ints, isRequired: true), .init("ngram_indexes", .ints, isRequired: true),
          .init("pool_int64s", .ints), .init("pool_strings", .strings), .init("weights", .floats),
        ]),
      infer: infer, evaluate: evaluate)
  ]

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let columns = try TermPool.columns(context.attributes)
    guard let shape = context.shape(0) else { return [.tensor(.float32, nil)] }
    guard shape.rank <= 2 else { throw OpError("operand 0: expected rank 2 or less, got \(shape)") }
    return [.tensor(.float32, shape.rank == 2 ? [shape[0], .fixed(columns)] : [.fixed(columns)])]
  }

  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let input = try context.operand(0)
    guard input.rank <= 2 else { throw OpError("operand 0: expected rank 2 or less, got \(input.shape)") }
    let columns = try TermPool.columns(context.attributes)
    let shape = input.rank == 2 ? [input.shape[0], columns] : [columns]
    try context.checkSize(.float32, shape: shape)
    let pool = try TermPool(context.attributes)
    let terms = try pool.terms(input)
    let length = input.shape.last ?? 1
    return [
      try context.make(Float.self, shape: shape) { (target: inout MutableSpan<Float>) in
        for row in 0..<(input.rank == 2 ? input.shape[0] : 1) {
          pool.forEachGram(Array(terms[(row * length)..<(row * length + length)])) { gram in
            let place = row * columns + pool.columns[gram]
            target[place] = pool.isCounted ? target[place] + pool.weights[gram] : pool.weights[gram]
          }
        }
      }
    ]
  }
}
