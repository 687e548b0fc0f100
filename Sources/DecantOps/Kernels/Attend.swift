internal import DecantIR

/// `Attention`: `softmax(softcap(Q · Kᵀ · scale) + mask) · V`, head by head, 16-bit types rounded after each step.
enum AttentionKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let q = try heads(context, 0, "q_num_heads", T.self)
    var (k, v) = (try heads(context, 1, "kv_num_heads", T.self), try heads(context, 2, "kv_num_heads", T.self))
    let past = try prependPast(context, &k, &v)
    guard k.batch == q.batch, v.batch == q.batch, k.size == q.size, v.length == k.length, v.heads == k.heads,
      k.heads > 0, q.heads % k.heads == 0
    else { throw OpError("queries \(q.shape), keys \(k.shape) and values \(v.shape) do not fit each other") }
    let scoreShape = [q.batch, q.heads, q.length, k.length]
    let mask = try AttentionMask<T>(context, shape: scoreShape, past: past)
    try context.checkSize(T.dataType, shape: scoreShape)
    try context.checkSize(T.dataType, shape: [q.batch, q.heads, q.length, v.size])
    var head = try Head<T>(context, size: q.size)
    let wantsScores = context.wanted.count > 3 && context.wanted[3]
    var (result, scores): ([T], [T]) = ([], [])
    for item in 0..<q.batch {
      for number in 0..<q.heads {
        let source = number / (q.heads / k.heads)
        let own = head.attend(
          q.head(item, number), k.head(item, source), v.head(item, source), size: v.size, keys: k.length,
          queries: q.length
        ) { mask.row(item, number, $0, keys: k.length) }
        result += own
        if wantsScores { scores += head.exposed }
      }
    }
    var shape = [q.batch, q.heads, q.length, v.size]
    if q.isFlat {
      result = AttentionHeads<T>.exchanged(result, q.batch, q.heads, q.length, v.size)
      shape = [q.batch, q.length, q.heads * v.size]
    }
    let types = (try context.operand(0).dataType, try context.operand(1).dataType, try context.operand(2).dataType)
    var results = [
      try context.result(result, shape: shape, as: types.0),
      try context.result(k.values, shape: k.shape, as: types.1),
      try context.result(v.values, shape: v.shape, as: types.2),
    ]
    if wantsScores { results.append(try context.result(scores, shape: scoreShape, as: types.0)) }
    return results
  }

  private static func heads<T: KernelFloat>(
    _ context: EvaluationContext, _ index: Int, _ name: String, _ type: T.Type
  ) throws(OpError) -> AttentionHeads<T> {
    try AttentionHeads(
      try context.numbers(index, as: T.self), shape: try context.operand(index).shape,
      heads: context.attributes.int(name), name: name)
  }

  private static func prependPast<T: KernelFloat>(
    _ context: EvaluationContext, _ k: inout AttentionHeads<T>, _ v: inout AttentionHeads<T>
  ) throws(OpError) -> Int {
    let (key, value) = (try context.optionalOperand(4), try context.optionalOperand(5))
    guard let key, let value else {
      guard key == nil, value == nil else { throw OpError("expected 'past_key' and 'past_value' together") }
      return 0
    }
    try k.prepend(try context.numbers(4, as: T.self), shape: key.shape)
    try v.prepend(try context.numbers(5, as: T.self), shape: value.shape)
    return key.shape[2]
  }

  /// The computation for one head.
  private struct Head<T: KernelFloat> {
    private let factor: T
    private let isNegative: Bool
    private let cap: T
    private let mode: Int
    /// After each step; after each of the softmax, which may be asked for in another type.
    private let (rounding, softRounding): (StepRounding, StepRounding)
    /// What the last result shows of the scores.
    private(set) var exposed: [T] = []

    init(_ context: EvaluationContext, size: Int) throws(OpError) {
      let type = try context.operand(0).dataType
      rounding = StepRounding(to: type)
      softRounding = StepRounding(to: try context.attributes.dataType("softmax_precision") ?? type)
      let scale = context.attributes.float("scale").map { Double($0) } ?? 1 / Double(max(size, 1)).squareRoot()
      factor = rounding(T(scale.magnitude.squareRoot()))
      isNegative = scale < 0
      cap = rounding(T(context.attributes.float("softcap", default: 0)))
      mode = context.attributes.int("qk_matmul_output_mode", default: 0)
    }

    mutating func attend(
      _ q: ArraySlice<T>, _ k: ArraySlice<T>, _ v: ArraySlice<T>, size: Int, keys: Int, queries: Int,
      mask: (_ query: Int) -> [T]
    ) -> [T] {
      var scores = products(q, k, keys: keys, queries: queries)
      if mode == 0 { exposed = scores }
      if cap != 0 {
        for place in scores.indices {
          scores[place] = rounding(cap * rounding(T.tanh(rounding(scores[place] / cap))))
        }
      }
      if mode == 1 { exposed = scores }
      if mode == 2 { exposed = [] }
      for query in 0..<queries {
        let row = query * keys..<(query + 1) * keys
        let bias = mask(query)
        for (place, value) in zip(row, bias) { scores[place] = rounding(scores[place] + value) }
        if mode == 2 { exposed += scores[row] }
        softmax(&scores, row, isHidden: bias.allSatisfy { $0 == -.infinity })
      }
      if mode == 3 { exposed = scores }
      var result = [T](repeating: 0, count: queries * size)
      MatrixProduct.accumulate(
        scores, Array(v), isTransposed: false, into: &result, rows: queries, inner: keys, columns: size)
      return result
    }

    private func products(_ q: ArraySlice<T>, _ k: ArraySlice<T>, keys: Int, queries: Int) -> [T] {
      var scores = [T](repeating: 0, count: queries * keys)
      let inner = queries == 0 ? 0 : q.count / queries
      MatrixProduct.accumulate(
        q.map { rounding($0 * (isNegative ? -factor : factor)) }, k.map { rounding($0 * factor) }, isTransposed: true,
        into: &scores, rows: queries, inner: inner, columns: keys)
      for place in scores.indices { scores[place] = rounding(scores[place]) }
      return scores
    }

    private func softmax(_ scores: inout [T], _ row: Range<Int>, isHidden: Bool) {
      for place in row { scores[place] = isHidden ? 0 : softRounding(scores[place]) }
      guard !isHidden else { return }
      let largest = scores[row].reduce(-T.infinity) { $1 > $0 ? $1 : $0 }
      for place in row { scores[place] = softRounding(T.exp(softRounding(scores[place] - largest))) }
      let sum = softRounding.sum(row) { scores[$0] }
      for place in row { scores[place] = rounding(softRounding(scores[place] / sum)) }
    }
  }
}

/// `RotaryEmbedding`: pairs of elements turned by an angle that depends on the position.
enum RotaryKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let count = context.attributes.int("num_heads").flatMap { $0 > 0 ? $0 : nil }
    var heads = try AttentionHeads(try context.numbers(0, as: T.self), shape: x.shape, heads: count, name: "num_heads")
      .values
    let isFlat = x.rank == 3
    let (batch, length) = (x.shape[0], isFlat ? x.shape[1] : x.shape[2])
    let (number, size) = isFlat ? (count ?? 1, x.shape[2] / (count ?? 1)) : (x.shape[1], x.shape[3])
    let given = context.attributes.int("rotary_embedding_dim", default: 0)
    let width = given == 0 ? size : given
    guard width >= 0, width <= size, width % 2 == 0 else {
      throw OpError("'rotary_embedding_dim' expected an even number in 0...\(size), got \(width)")
    }
    let angles = try Angles<T>(context, batch: batch, length: length, width: width / 2)
    let isInterleaved = context.attributes.int("interleaved", default: 0) != 0
    for row in 0..<(heads.isEmpty ? 0 : batch * number * length) {
      let start = angles.start(row / (number * length), row % length)
      for pair in 0..<width / 2 {
        let first = row * size + (isInterleaved ? 2 * pair : pair)
        let second = row * size + (isInterleaved ? 2 * pair + 1 : pair + width / 2)
        let (cosine, sine) = (angles.cosines[start + pair], angles.sines[start + pair])
        let (a, b) = (heads[first], heads[second])
        heads[first] = cosine * a - sine * b
        heads[second] = sine * a + cosine * b
      }
    }
    if isFlat { heads = AttentionHeads<T>.exchanged(heads, batch, number, length, size) }
    return [try context.result(heads, shape: x.shape, as: x.dataType)]
  }

  /// Cosines and sines, looked up by position or given for each element of the sequence.
  private struct Angles<T: KernelFloat> {
    let cosines: [T]
    let sines: [T]
    private let positions: [Int]?
    private let length: Int
    private let width: Int

    init(_ context: EvaluationContext, batch: Int, length: Int, width: Int) throws(OpError) {
      let shape = try context.operand(1).shape
      (self.length, self.width) = (length, width)
      if try context.optionalOperand(3) != nil {
        let positions = try context.integers(3)
        guard shape.count == 2, shape[1] == width, try context.operand(3).shape == [batch, length],
          positions.allSatisfy({ $0 >= 0 && $0 < shape[0] })
        else { throw OpError("expected a cache [positions,\(width)] and positions [\(batch),\(length)] within it") }
        self.positions = positions
      } else {
        guard shape == [batch, length, width] else {
          throw OpError("operand 1: expected shape \([batch, length, width]), got \(shape)")
        }
        positions = nil
      }
      cosines = try context.numbers(1, as: T.self)
      guard let sines = try context.optionalNumbers(2, shape: shape, as: T.self) else {
        throw OpError("operand 2 is missing")
      }
      self.sines = sines
    }

    /// Where the angles of one place of one sequence begin.
    func start(_ item: Int, _ place: Int) -> Int {
      (positions?[item * length + place] ?? item * length + place) * width
    }
  }
}
