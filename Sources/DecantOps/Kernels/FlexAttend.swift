internal import DecantIR

/// `FlexAttention`: `prob_mod(softmax(score_mod(Q · Kᵀ · scale))) · V`.
enum FlexAttentionKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let type = try context.operand(0).dataType
    let precision = try FlexAttention.precision(context.attributes, type)
    return precision == .float64
      ? try evaluate(Double.self, context, precision) : try evaluate(Float.self, context, precision)
  }

  private static func evaluate<T: KernelFloat>(
    _ type: T.Type, _ context: EvaluationContext, _ precision: DataType
  ) throws(OpError) -> [Tensor] {
    let (q, k, v) = (try heads(context, 0, T.self), try heads(context, 1, T.self), try heads(context, 2, T.self))
    guard k.batch == q.batch, v.batch == q.batch, k.size == q.size, v.length == k.length, v.heads == k.heads,
      k.heads > 0, q.heads % k.heads == 0
    else { throw OpError("queries \(q.shape), keys \(k.shape) and values \(v.shape) do not fit each other") }
    var scores = try self.scores(context, q, k).rounded(to: precision, from: T.self)
    scores = try modified(scores, "score_mod", context)
    if scores.elementCount > 0 { scores = try context.mapLines(scores, axis: 3, SoftmaxLine()) }
    scores = try modified(scores, "prob_mod", context)
    let weights = try scores.converted(to: T.self, what: "the scores").array(of: T.self) ?? []
    let result = try self.result(context, weights, q, v)
    return [try result.rounded(to: try context.operand(0).dataType, from: T.self)]
  }

  private static func heads<T: KernelFloat>(
    _ context: EvaluationContext, _ index: Int, _ type: T.Type
  ) throws(OpError) -> AttentionHeads<T> {
    let tensor = try context.operand(index)
    guard tensor.rank == 4 else { throw OpError("operand \(index): expected rank 4, got \(tensor.shape)") }
    return try AttentionHeads(
      try context.numbers(index, as: T.self), shape: tensor.shape, heads: nil, name: "operand \(index)")
  }

  /// `Q · Kᵀ · scale`, each side scaled by the root as the standard has it.
  private static func scores<T: KernelFloat>(
    _ context: EvaluationContext, _ q: AttentionHeads<T>, _ k: AttentionHeads<T>
  ) throws(OpError) -> Tensor {
    let shape = [q.batch, q.heads, q.length, k.length]
    try context.checkSize(T.dataType, shape: shape)
    let scale = context.attributes.float("scale").map { Double($0) } ?? 1 / Double(max(q.size, 1)).squareRoot()
    let root = T(scale.magnitude.squareRoot())
    let signed = scale < 0 ? -root : root
    var all: [T] = []
    guard try Tensor.elementCount(shape: shape) > 0 else { return Tensor(all, shape: shape) }
    for item in 0..<q.batch {
      for head in 0..<q.heads {
        var own = [T](repeating: 0, count: q.length * k.length)
        MatrixProduct.accumulate(
          q.head(item, head).map { $0 * signed }, k.head(item, head / (q.heads / k.heads)).map { $0 * root },
          isTransposed: true, into: &own, rows: q.length, inner: q.size, columns: k.length)
        all += own
      }
    }
    return Tensor(all, shape: shape)
  }

  private static func result<T: KernelFloat>(
    _ context: EvaluationContext, _ weights: [T], _ q: AttentionHeads<T>, _ v: AttentionHeads<T>
  ) throws(OpError) -> Tensor {
    let shape = [q.batch, q.heads, q.length, v.size]
    try context.checkSize(T.dataType, shape: shape)
    var all: [T] = []
    guard try Tensor.elementCount(shape: shape) > 0 else { return Tensor(all, shape: shape) }
    let count = q.length * v.length
    for item in 0..<q.batch {
      for head in 0..<q.heads {
        let start = (item * q.heads + head) * count
        var own = [T](repeating: 0, count: q.length * v.size)
        MatrixProduct.accumulate(
          Array(weights[start..<start + count]), Array(v.head(item, head / (q.heads / v.heads))), isTransposed: false,
          into: &own, rows: q.length, inner: v.length, columns: v.size)
        all += own
      }
    }
    return Tensor(all, shape: shape)
  }

  /// What the subgraph `name` makes of the scores, which keep their type; the scores where there is none.
  private static func modified(
    _ scores: Tensor, _ name: String, _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    guard let graph = context.attributes.graph(name) else { return scores }
    let results = try context.runSubgraph(graph, [scores])
    guard results.count == 1, results[0].dataType == scores.dataType, results[0].shape == scores.shape else {
      let given = results.map { "\($0.type)" }.joined(separator: ", ")
      throw OpError("'\(name)' expected to give \(scores.type), got \(given)")
    }
    return results[0].aligned
  }
}
