internal import DecantIR

/// Queries, keys and values cut out of tensors, and put together again, for operators that pack them.
struct AttentionParts {
  private let context: EvaluationContext

  /// For the node that `context` evaluates.
  init(_ context: EvaluationContext) { self.context = context }

  /// The elements `start ..< start + count` along `axis`.
  func slice(_ tensor: Tensor, axis: Int, from start: Int, count: Int) throws(OpError) -> Tensor {
    guard tensor.shape.indices.contains(axis), start >= 0, count >= 0, start <= tensor.shape[axis] - count else {
      throw OpError("expected \(count) elements from \(start) on along axis \(axis) of \(tensor.shape)")
    }
    var shape = tensor.shape
    shape[axis] = count
    let strides = BroadcastPlan.strides(of: tensor.shape)
    return try context.move(
      [tensor], shape: shape, StridedCopy(shape: shape, strides: strides, offset: start * strides[axis]))
  }

  /// `[batch, length, heads · size]` as `[batch, heads, length, size]`.
  func split(_ tensor: Tensor, heads: Int) throws(OpError) -> Tensor {
    guard tensor.rank == 3, heads >= 1, tensor.shape[2] % heads == 0 else {
      throw OpError("expected \(heads) heads to fill the last of 3 axes, got \(tensor.shape)")
    }
    let deep = tensor.reshaped([tensor.shape[0], tensor.shape[1], heads, tensor.shape[2] / heads])
    return try TransposeOps.permute(context, deep, [0, 2, 1, 3])
  }

  /// `[batch, heads, length, size]` as `[batch, length, heads · size]`.
  func merge(_ tensor: Tensor) throws(OpError) -> Tensor {
    let moved = try TransposeOps.permute(context, tensor, [0, 2, 1, 3])
    return moved.reshaped([moved.shape[0], moved.shape[1], try product(moved.shape[2], moved.shape[3])])
  }

  /// `tensors`, which are alike, one after another along `axis`.
  func join(_ tensors: [Tensor], axis: Int) throws(OpError) -> Tensor {
    try JoinOps.concat(context.with(tensors, attributes: ["axis": .int(Int64(axis))]))[0]
  }

  /// The sum of two tensors that broadcast; the other where one is missing.
  func add(_ a: Tensor?, _ b: Tensor?) throws(OpError) -> Tensor? {
    guard let a, let b else { return a ?? b }
    return try context.pairwise(a, b, Addition())
  }

  /// The standard operator on `[batch, heads, length, size]` in f32: the result, keys and values with the past in front,
  /// and the scores that `scores` asks for.
  func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?, past: (keys: Tensor, values: Tensor)? = nil,
    softcap: Float = 0,
    scores: Int? = nil
  ) throws(OpError) -> [Tensor] {
    var attributes: Attributes = ["softcap": .float(softcap)]
    // 0 stands for the usual one.
    if let scale = context.attributes.float("scale"), scale != 0 { attributes["scale"] = .float(scale) }
    if let scores { attributes["qk_matmul_output_mode"] = .int(Int64(scores)) }
    return try AttentionKernel.evaluate(
      context.with([q, k, v, mask, past?.keys, past?.values], attributes: attributes, results: scores == nil ? 3 : 4))
  }
}

/// What contrib operators add to scores: a number far below all where a key is padding, or lies behind the query.
struct PaddingMask {
  let batch: Int
  let queries: Int
  /// All keys, those of the past too.
  let keys: Int
  let past: Int
  let isCausal: Bool

  /// As `[batch, 1, queries, keys]`; nil where everything is seen.
  ///
  /// The mask that operand `index` may be has a 0 for what is hidden, as `[batch, keys]` or `[batch, queries, keys]`; or the
  /// lengths `[batch]`, after which other numbers may follow, or the ends and the starts `[2 · batch]`.
  func tensor(_ context: EvaluationContext, _ index: Int) throws(OpError) -> Tensor? {
    let shape = [batch, 1, queries, keys]
    try context.checkSize(.float32, shape: shape)
    guard !shape.contains(0) else { return nil }
    var hidden: [Float]?
    if let given = try context.optionalOperand(index), given.rank != 2 || given.shape[1] != 1 || keys == 1 {
      let filter = context.attributes.float("mask_filter_value", default: -10000)
      hidden = try visible(context, index, given.shape).map { $0 ? 0 : filter }
    }
    guard isCausal, queries > 1 else { return hidden.map { Tensor($0, shape: shape) } }
    var result = hidden ?? Array(repeating: 0, count: shape.reduce(1, *))
    for row in 0..<batch * queries {
      for key in min(past + row % queries + 1, keys)..<keys {
        result[row * keys + key] = -Float.greatestFiniteMagnitude
      }
    }
    return Tensor(result, shape: shape)
  }

  private func visible(_ context: EvaluationContext, _ index: Int, _ shape: [Int]) throws(OpError) -> [Bool] {
    let values = try context.integers(index)
    let count = batch * queries * keys
    switch shape {
    case [batch, queries, keys]: return values.map { $0 > 0 }
    case [batch, keys]:
      return (0..<count).map { values[$0 / (queries * keys) * keys + $0 % keys] > 0 }
    case [batch], [2 * batch], [3 * batch + 2]:
      let hasStarts = shape == [2 * batch] && batch > 0
      return (0..<count).map { place in
        let (item, key) = (place / (queries * keys), place % keys)
        return key < values[item] && (!hasStarts || key >= values[batch + item])
      }
    default:
      throw OpError(
        "operand \(index): expected a mask [\(batch),\(keys)], [\(batch),\(queries),\(keys)] or lengths [\(batch)], got \(shape)"
      )
    }
  }
}
