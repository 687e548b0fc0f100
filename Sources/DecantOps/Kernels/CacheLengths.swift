internal import DecantIR

/// How much of a cache each sequence fills, and where its new elements go.
struct CacheLengths {
  private let batch: Int
  private let length: Int
  /// Of each sequence, the new elements too.
  private let totals: [Int]
  /// Of the longest sequence.
  let whole: Int

  /// From operands 5 and 6, for `length` new elements of `batch` sequences.
  init(_ context: EvaluationContext, batch: Int, length: Int) throws(OpError) {
    (self.batch, self.length) = (batch, length)
    let (last, whole) = (try context.integers(5), try context.integers(6))
    guard whole.count == 1, (length...Int(Int32.max)).contains(whole[0]) else {
      throw OpError("operand 6: expected one length of \(length) or more, got \(whole)")
    }
    // Several elements that follow others fill each sequence to its end; the first ones may be padded.
    let least = whole[0] == length ? 0 : length - 1
    guard last.count == batch, last.allSatisfy({ $0 >= least && $0 < whole[0] }) else {
      throw OpError("operand 5: expected \(batch) numbers in \(least)..<\(whole[0]), got \(last)")
    }
    totals = last.map { $0 + 1 }
    self.whole = whole[0]
  }

  /// How many elements of a sequence the cache holds already.
  private func past(_ item: Int) -> Int { whole == length ? 0 : totals[item] - length }

  /// The position of each new element, `[batch, length]`.
  var positions: Tensor {
    Tensor((0..<batch).flatMap { item in (0..<length).map { Int64(past(item) + $0) } }, shape: [batch, length])
  }

  /// The cache with the new elements behind the old ones, as long as the longest sequence or the cache was.
  func fill(_ cache: Tensor?, with tensor: Tensor, _ context: EvaluationContext) throws(OpError) -> Tensor {
    let (heads, size) = (tensor.shape[1], tensor.shape[3])
    if let cache, cache.rank != 4 || cache.shape[..<2] != tensor.shape[..<2] || cache.shape[3] != size {
      throw OpError("expected a cache of shape [\(batch),\(heads),-1,\(size)], got \(cache.shape)")
    }
    let old = cache?.shape[2] ?? 0
    let total = max(old, whole)
    for item in 0..<batch where past(item) > old {
      throw OpError("operand 5: expected at most \(old) elements in the cache, got \(past(item))")
    }
    let (before, new) = (cache?.array(of: Float.self) ?? [], tensor.array(of: Float.self) ?? [])
    return try context.make(Float.self, shape: [batch, heads, total, size]) { span in
      for row in 0..<(new.isEmpty ? 0 : batch * heads) {
        let kept = past(row / heads)
        for place in 0..<kept * size { span[row * total * size + place] = before[row * old * size + place] }
        for place in 0..<length * size {
          span[(row * total + kept) * size + place] = new[row * length * size + place]
        }
      }
    }
  }

  /// What hides keys behind the query, out of its window and past the end of its sequence: `[batch, 1, length, keys]`.
  func mask(_ context: EvaluationContext, keys: Int) throws(OpError) -> Tensor {
    let window = context.attributes.int("local_window_size", default: -1)
    let isCausal = context.attributes.int("causal", default: 1) != 0
    return try context.make(Float.self, shape: [batch, 1, length, keys]) { span in
      for row in 0..<(keys == 0 ? 0 : batch * length) {
        let (item, query) = (row / length, row % length)
        let position = past(item) + query
        for key in 0..<keys {
          let isHidden =
            key >= totals[item] || isCausal && key > position || window > 0 && key <= position - window
          if isHidden { span[row * keys + key] = -.infinity }
        }
      }
    }
  }
}
