internal import DecantIR

/// `LinearAttention`: a state for each head that keys and values are written into, and queries read, one step after the
/// other.
enum LinearAttentionKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let q = try context.operand(0)
    var recurrence = try LinearRecurrence<T>(context)
    let shape = recurrence.form
    var result: [T] = []
    result.reserveCapacity(shape.batch * shape.steps * shape.queries * shape.width)
    for item in 0..<(shape.isEmpty ? 0 : shape.batch) {
      for step in 0..<shape.steps {
        recurrence.write(item, step)
        recurrence.read(item, step, into: &result)
      }
    }
    let stateType = try context.optionalOperand(3)?.dataType ?? q.dataType
    return [
      try context.result(
        result, shape: [shape.batch, shape.steps, try product(shape.queries, shape.width)], as: q.dataType),
      try context.result(recurrence.state, shape: shape.state, as: stateType),
    ]
  }
}

/// Extents of a linear attention.
private struct LinearForm {
  let batch: Int
  let steps: Int
  /// Heads of queries.
  let queries: Int
  /// Heads of keys and values.
  let heads: Int
  /// Of a key.
  let size: Int
  /// Of a value.
  let width: Int

  init(_ context: EvaluationContext) throws(OpError) {
    (queries, heads) = try DecodingState.headCounts(context.attributes)
    let (q, v) = (try context.operand(0).shape, try context.operand(2).shape)
    guard q.count == 3, q[2] % queries == 0 else {
      throw OpError("operand 0: expected rank 3 and a multiple of \(queries) last, got \(q)")
    }
    (batch, steps, size) = (q[0], q[1], q[2] / queries)
    guard v.count == 3, v[0] == batch, v[1] == steps, v[2] % heads == 0 else {
      throw OpError("operand 2: expected [\(batch),\(steps)] and a multiple of \(heads), got \(v)")
    }
    width = v[2] / heads
    let expected = [batch, steps, try product(heads, size)]
    guard try context.operand(1).shape == expected else {
      throw OpError("operand 1: expected shape \(expected), got \(try context.operand(1).shape)")
    }
    try context.checkSize(.float64, shape: state)
    try context.checkSize(.float64, shape: [batch, steps, queries, width])
  }

  var state: [Int] { [batch, heads, size, width] }
  /// Whether there is nothing to write or read.
  var isEmpty: Bool { size == 0 && width == 0 }
}

/// The states of all heads, and what they are written with.
private struct LinearRecurrence<T: KernelFloat> {
  let form: LinearForm
  /// `[batch, heads, size, width]`
  private(set) var state: [T]
  private let q: [T]
  private let k: [T]
  private let v: [T]
  /// `exp` of the decay, for each head or for each element of its keys.
  private let decay: [T]?
  private let beta: [T]?
  private let scale: T

  init(_ context: EvaluationContext) throws(OpError) {
    form = try LinearForm(context)
    let rule = try context.attributes.choice("update_rule", of: ["gated_delta", "linear", "gated", "delta"])
    (q, k, v) = (
      try context.numbers(0, as: T.self), try context.numbers(1, as: T.self), try context.numbers(2, as: T.self)
    )
    let count = try Tensor.elementCount(shape: form.state)
    state = try context.optionalNumbers(3, shape: form.state, as: T.self) ?? Array(repeating: 0, count: count)
    let gates = try LinearRecurrence.rows(
      context, 4, "decay", form, isWanted: rule.hasPrefix("gated"), rule,
      [form.heads, try product(form.heads, form.size)])
    decay = gates?.map { T.exp($0) }
    beta = try LinearRecurrence.rows(
      context, 5, "beta", form, isWanted: rule.hasSuffix("delta"), rule, [form.heads, 1])
    let given = context.attributes.float("scale", default: 0)
    scale = given == 0 ? 1 / T(max(form.size, 1)).squareRoot() : T(given)
  }

  /// Operand `index` of shape `[batch, steps, n]` with one of `widths` for `n`, which the update rule wants or must not
  /// have.
  private static func rows(
    _ context: EvaluationContext, _ index: Int, _ name: String, _ form: LinearForm, isWanted: Bool, _ rule: String,
    _ widths: [Int]
  ) throws(OpError) -> [T]? {
    guard let tensor = try context.optionalOperand(index) else {
      guard !isWanted else { throw OpError("the update rule '\(rule)' expects '\(name)', which is left out") }
      return nil
    }
    guard isWanted else { throw OpError("the update rule '\(rule)' expects no '\(name)', got \(tensor.type)") }
    guard tensor.rank == 3, Array(tensor.shape[..<2]) == [form.batch, form.steps], widths.contains(tensor.shape[2])
    else {
      throw OpError(
        "operand \(index): expected [\(form.batch),\(form.steps)] and one of \(widths), got \(tensor.shape)")
    }
    return try context.numbers(index, as: T.self)
  }

  /// Lets the states of one item fade, and adds the outer product of a key and a value.
  mutating func write(_ item: Int, _ step: Int) {
    let row = item * form.steps + step
    for head in 0..<form.heads {
      let base = (item * form.heads + head) * form.size * form.width
      let keys = (row * form.heads + head) * form.size
      if let decay { fade(decay, row, head, base) }
      for column in 0..<form.width {
        var value = v[(row * form.heads + head) * form.width + column]
        if let beta {
          var known: T = 0
          for place in 0..<form.size { known += state[base + place * form.width + column] * k[keys + place] }
          let perRow = beta.count / (form.batch * form.steps)
          value = beta[row * perRow + (perRow == 1 ? 0 : head)] * (value - known)
        }
        for place in 0..<form.size { state[base + place * form.width + column] += k[keys + place] * value }
      }
    }
  }

  private mutating func fade(_ decay: [T], _ row: Int, _ head: Int, _ base: Int) {
    let perRow = decay.count / (form.batch * form.steps)
    for place in 0..<form.size {
      let factor = decay[row * perRow + (perRow == form.heads ? head : head * form.size + place)]
      for column in 0..<form.width { state[base + place * form.width + column] *= factor }
    }
  }

  /// Appends what the queries of one step read.
  func read(_ item: Int, _ step: Int, into result: inout [T]) {
    let row = item * form.steps + step
    for query in 0..<form.queries {
      let base = (item * form.heads + query / (form.queries / form.heads)) * form.size * form.width
      let start = (row * form.queries + query) * form.size
      for column in 0..<form.width {
        var sum: T = 0
        for place in 0..<form.size { sum += q[start + place] * state[base + place * form.width + column] }
        result.append(scale * sum)
      }
    }
  }
}
