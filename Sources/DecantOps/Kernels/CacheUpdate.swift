internal import DecantIR

/// `TensorScatter`: new slices written into a cache, for each item of the batch at a place of its own.
enum CacheUpdate {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (cache, update) = (try context.operand(0), try context.operand(1))
    let axis = try DecodingState.sequenceAxis(context.attributes, rank: cache.rank)
    let (limit, count) = (cache.shape[axis], update.rank == cache.rank ? update.shape[axis] : 0)
    var expected = cache.shape
    expected[axis] = count
    guard update.shape == expected, count <= limit else {
      throw OpError("operand 1: expected \(cache.shape) with at most \(limit) along axis \(axis), got \(update.shape)")
    }
    guard update.elementCount > 0 else { return [cache] }
    let isCircular = try context.attributes.choice("mode", of: ["linear", "circular"]) == "circular"
    let starts = try starts(context, batch: cache.shape[0], in: isCircular ? 0...Int.max : 0...limit - count)
    let inner = try product(of: cache.shape[(axis + 1)...])
    let outer = try product(of: cache.shape[1..<axis])
    var places: [Int] = []
    places.reserveCapacity(update.elementCount / inner)
    for row in 0..<cache.shape[0] * outer {
      let start = starts[row / outer] % limit
      for step in 0..<count { places.append((row * limit + (start + step) % limit) * inner) }
    }
    return [try context.move([cache, update], shape: cache.shape, ChunkScatter(places: places, chunk: inner))]
  }

  /// Where writing begins for each item.
  private static func starts(
    _ context: EvaluationContext, batch: Int, in range: ClosedRange<Int>
  ) throws(OpError) -> [Int] {
    guard let tensor = try context.optionalOperand(2) else { return Array(repeating: 0, count: batch) }
    guard tensor.shape == [batch] else { throw OpError("operand 2: expected shape \([batch]), got \(tensor.shape)") }
    let starts = try context.integers(2)
    for start in starts where !range.contains(start) {
      throw OpError("operand 2: expected places in \(range.lowerBound)...\(range.upperBound), got \(start)")
    }
    return starts
  }
}
