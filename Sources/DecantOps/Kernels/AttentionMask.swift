internal import DecantIR

/// What is added to the scores of an attention: 0 where a key may be seen, -∞ where not, or a float mask.
struct AttentionMask<T: KernelFloat> {
  private let values: [T]?
  private let strides: [Int]
  /// Keys beyond have no place in the mask, and cannot be seen.
  private let width: Int
  private let isCausal: Bool
  private let left: Int
  private let right: Int
  private let past: Int
  private let queries: Int
  private let lengths: [Int]?

  /// For scores of `shape` `[batch, heads, queries, keys]`, of which `past` keys come from a cache.
  init(_ context: EvaluationContext, shape: [Int], past: Int) throws(OpError) {
    self.past = past
    queries = shape[2]
    isCausal = context.attributes.int("is_causal", default: 0) != 0
    left = context.attributes.int("left_window_size", default: -1)
    right = context.attributes.int("right_window_size", default: -1)
    if try context.optionalOperand(6) != nil {
      let lengths = try context.integers(6)
      guard lengths.count == shape[0], lengths.allSatisfy({ $0 >= 0 && $0 <= shape[3] }) else {
        throw OpError("operand 6: expected \(shape[0]) lengths in 0...\(shape[3]), got \(lengths)")
      }
      self.lengths = lengths
    } else {
      lengths = nil
    }
    guard let mask = try context.optionalOperand(3) else {
      (values, strides, width) = (nil, [0, 0, 0, 0], shape[3])
      return
    }
    guard let last = mask.shape.last, last <= shape[3],
      Broadcast.fits(Array(mask.shape.dropLast()), into: Array(shape.dropLast()))
    else { throw OpError("operand 3: expected a mask that broadcasts to \(shape), got \(mask.shape)") }
    width = last
    var target = shape
    target[3] = last
    var steps = BroadcastPlan.strides(of: mask.shape, in: target)
    steps[3] = 1
    strides = steps
    if mask.dataType == .bool {
      values = mask.array(of: Boolean.self)?.map { $0.value ? 0 : -T.infinity }
    } else {
      values = try context.numbers(3, as: T.self)
    }
  }

  /// The row for one query, one number for each of `keys` keys.
  func row(_ item: Int, _ head: Int, _ query: Int, keys: Int) -> [T] {
    var row = [T](repeating: 0, count: keys)
    if let values {
      let start = item * strides[0] + head * strides[1] + query * strides[2]
      for key in 0..<keys { row[key] = key < width ? values[start + key * strides[3]] : -.infinity }
    }
    let position = query + (lengths.map { $0[item] - queries } ?? past)
    for key in 0..<keys {
      let isHidden =
        isCausal && key > position || left >= 0 && position - key > left || right >= 0 && key - position > right
        || lengths.map { key >= $0[item] } ?? false
      if isHidden { row[key] = -.infinity }
    }
    return row
  }
}
