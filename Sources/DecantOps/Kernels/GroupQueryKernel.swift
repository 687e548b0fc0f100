internal import DecantIR

/// `GroupQueryAttention`.
enum GroupQueryKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    try refuseUnsupported(context)
    let counts = try GroupQueryAttention.headCounts(context.attributes)
    let parts = AttentionParts(context)
    var (q, k, v) = try operands(context, counts)
    guard k.shape == v.shape, k.rank == 4, q.shape[0] == k.shape[0], q.shape[2] == k.shape[2], q.shape[3] == k.shape[3]
    else { throw OpError("queries \(q.shape), keys \(k.shape) and values \(v.shape) do not fit each other") }
    let lengths = try CacheLengths(context, batch: q.shape[0], length: q.shape[2])
    q = try normalized(q, 14, context)
    k = try normalized(k, 15, context)
    if context.attributes.int("do_rotary", default: 0) != 0 {
      q = try rotated(q, lengths, context)
      k = try rotated(k, lengths, context)
    }
    let keys = try extended(3, with: k, lengths, try CodedCache(context, "k_quant_type", cache: 3, scale: 12), context)
    let values = try extended(
      4, with: v, lengths, try CodedCache(context, "v_quant_type", cache: 4, scale: 13), context)
    (k, v) = (keys.seen, values.seen)
    let mask = try parts.add(try attentionBias(context, keys: k.shape[2]), try lengths.mask(context, keys: k.shape[2]))
    let mode = context.attributes.int("qk_output", default: 0)
    let results = try attend(q, k, v, mask, context, scores: context.resultCount > 3 ? (mode == 2 ? 3 : 2) : nil)
    let type = Conversion(target: try context.operand(0).dataType)
    var converted = [try context.convert(try parts.merge(results[0]), type)]
    converted += [keys.present, values.present]
    if results.count > 3 {
      converted.append(try context.convert(try exposed(results[3], keys: lengths.whole, context), type))
    }
    return converted
  }

  /// Scores or weights of the first `keys` keys, with 0 for what is hidden.
  private static func exposed(_ scores: Tensor, keys: Int, _ context: EvaluationContext) throws(OpError) -> Tensor {
    let own = try AttentionParts(context).slice(scores, axis: 3, from: 0, count: keys)
    return Tensor((own.array(of: Float.self) ?? []).map { $0 == -.infinity ? 0 : $0 }, shape: own.shape)
  }

  /// The cache in operand `index` with `tensor` behind what it holds: as attention sees it, and as it is kept.
  private static func extended(
    _ index: Int, with tensor: Tensor, _ lengths: CacheLengths, _ codes: CodedCache?, _ context: EvaluationContext
  ) throws(OpError) -> (seen: Tensor, present: Tensor) {
    guard let codes else {
      let whole = try lengths.fill(try context.optionalWidened(index), with: tensor, context)
      return (whole, try context.convert(whole, Conversion(target: try context.operand(0).dataType)))
    }
    let whole = try lengths.fill(
      try codes.numbers(try context.optionalOperand(index)), with: try codes.encode(tensor), context)
    return (try codes.decode(whole), try codes.kept(whole))
  }

  private static func refuseUnsupported(_ context: EvaluationContext) throws(OpError) {
    guard context.attributes.int("sliding_window_cache", default: 0) == 0 else {
      throw OpError("'sliding_window_cache' expected 0, got 1", kind: .unsupported)
    }
  }

  // MARK: Operands

  /// Queries, keys and values as `[batch, heads, length, size]`.
  private static func operands(
    _ context: EvaluationContext, _ counts: (queries: Int, keys: Int)
  ) throws(OpError) -> (Tensor, Tensor, Tensor) {
    let parts = AttentionParts(context)
    let query = try context.widened(try context.operand(0))
    if let key = try context.optionalWidened(1), let value = try context.optionalWidened(2) {
      return (
        try parts.split(query, heads: counts.queries), try parts.split(key, heads: counts.keys),
        try parts.split(value, heads: counts.keys)
      )
    }
    let all = try parts.split(query, heads: counts.queries + 2 * counts.keys)
    return (
      try parts.slice(all, axis: 1, from: 0, count: counts.queries),
      try parts.slice(all, axis: 1, from: counts.queries, count: counts.keys),
      try parts.slice(all, axis: 1, from: counts.queries + counts.keys, count: counts.keys)
    )
  }

  /// Each head over the root of its mean square, when operand `index` gives a scale.
  private static func normalized(
    _ tensor: Tensor, _ index: Int, _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    guard let scale = try context.optionalWidened(index) else { return tensor }
    let epsilon = context.attributes.float("qk_norm_epsilon", default: 1e-6)
    return try RootMeanSquareKernel.evaluate(
      context.with([tensor, scale], attributes: ["axis": .int(-1), "epsilon": .float(epsilon)]))[0]
  }

  private static func rotated(
    _ tensor: Tensor, _ lengths: CacheLengths, _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    guard let cosines = try context.optionalWidened(7), let sines = try context.optionalWidened(8), cosines.rank == 2
    else { throw OpError("'do_rotary' expected caches of cosines and sines of rank 2") }
    let attributes: Attributes = [
      "interleaved": .int(Int64(context.attributes.int("rotary_interleaved", default: 0))),
      "rotary_embedding_dim": .int(Int64(try product(cosines.shape[1], 2))),
    ]
    let positions = try context.optionalOperand(9) ?? lengths.positions
    return try RotaryKernel.evaluate(
      context.with([tensor, cosines, sines, positions], attributes: attributes))[0]
  }

  // MARK: Scores

  /// Operand 10, with room for the keys of a buffer that it says nothing of.
  private static func attentionBias(_ context: EvaluationContext, keys: Int) throws(OpError) -> Tensor? {
    guard let bias = try context.optionalWidened(10) else { return nil }
    guard bias.rank == 4, bias.shape[3] <= keys else {
      throw OpError("operand 10: expected rank 4 and at most \(keys) keys, got \(bias.shape)")
    }
    guard bias.shape[3] < keys else { return bias }
    let rest = try context.make(Float.self, shape: bias.shape.dropLast() + [keys - bias.shape[3]]) { _ in }
    return try AttentionParts(context).join([bias, rest], axis: 3)
  }

  /// A sink is a key that matches nothing, whose value is zero, and whose score is told for each head.
  private static func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ mask: Tensor?, _ context: EvaluationContext, scores: Int?
  ) throws(OpError) -> [Tensor] {
    let parts = AttentionParts(context)
    let softcap = context.attributes.float("softcap", default: 0)
    let heads = q.shape[1]
    let isSmooth = context.attributes.int("smooth_softmax", default: 0) == 1
    let sink = try context.optionalWidened(11)
    guard isSmooth || sink != nil else {
      return try parts.attend(q, k, v, mask: mask, softcap: softcap, scores: scores)
    }
    if let sink, sink.shape != [heads] { throw OpError("operand 11: expected shape [\(heads)], got \(sink.shape)") }
    var row = k.shape
    row[2] = 1
    let nothing = try context.make(Float.self, shape: row) { _ in }
    let scoreShape = [q.shape[0], heads, q.shape[2], k.shape[2]]
    let zero = try context.make(Float.self, shape: scoreShape) { _ in }
    let whole = try parts.add(zero, mask) ?? zero
    let column = try context.make(Float.self, shape: [q.shape[0], heads, q.shape[2], 1]) { _ in }
    let extra = try parts.add(column, sink?.reshaped([1, heads, 1, 1])) ?? column
    var results = try parts.attend(
      q, try parts.join([k, nothing], axis: 2), try parts.join([v, nothing], axis: 2),
      mask: try parts.join([whole, extra], axis: 3), softcap: softcap, scores: scores)
    if results.count > 3 { results[3] = try parts.slice(results[3], axis: 3, from: 0, count: k.shape[2]) }
    return results
  }
}
