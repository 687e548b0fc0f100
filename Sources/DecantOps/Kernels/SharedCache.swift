internal import DecantIR

/// A cache of keys or values `[batch, heads, room, size]` that is filled so far, and has room for more.
struct SharedCache {
  /// How many elements it holds.
  let past: Int
  /// Of which beam of the same batch each old element is: `[batch / beams, beams, room]`.
  private let origins: (values: [Int], shape: [Int])?

  /// From the operand that tells how much is filled, and the one that tells the beams; nil without the first.
  init?(_ context: EvaluationContext, past index: Int, beams: Int) throws(OpError) {
    guard try context.optionalOperand(index) != nil else { return nil }
    let values = try context.integers(index)
    guard values.count == 1, (0...Int(Int32.max)).contains(values[0]) else {
      throw OpError("operand \(index): expected one length, got \(values)")
    }
    past = values[0]
    guard let given = try context.optionalOperand(beams) else {
      origins = nil
      return
    }
    guard given.rank == 3, given.shape[2] >= past else {
      throw OpError("operand \(beams): expected shape [batch,beams,\(past)] or longer, got \(given.shape)")
    }
    origins = (try context.integers(beams), given.shape)
  }

  /// The cache with `new` behind what it holds.
  func written(_ cache: Tensor, _ new: Tensor, _ context: EvaluationContext) throws(OpError) -> Tensor {
    let (parts, length) = (AttentionParts(context), new.shape[2])
    let rest = cache.shape[2] - length - past
    guard rest >= 0 else {
      throw OpError("expected room for \(length) elements after \(past), got a cache of \(cache.shape[2])")
    }
    return try parts.join(
      [
        try parts.slice(cache, axis: 2, from: 0, count: past), new,
        try parts.slice(cache, axis: 2, from: past + length, count: rest),
      ], axis: 2)
  }

  /// The elements that `length` new ones may look at, each old one from its beam.
  func seen(_ whole: Tensor, length: Int, _ context: EvaluationContext) throws(OpError) -> Tensor {
    let filled = try AttentionParts(context).slice(whole, axis: 2, from: 0, count: past + length)
    guard let origins, let values = filled.array(of: Float.self), !values.isEmpty else { return filled }
    let (beams, room) = (origins.shape[1], origins.shape[2])
    let (heads, keys, size) = (filled.shape[1], filled.shape[2], filled.shape[3])
    guard try product(origins.shape[0], beams) == filled.shape[0] else {
      throw OpError("expected beams for a batch of \(filled.shape[0]), got \(origins.shape)")
    }
    var moved = values
    for item in 0..<filled.shape[0] {
      for key in 0..<past {
        let beam = origins.values[item * room + key]
        guard (0..<beams).contains(beam) else { throw OpError("expected a beam in 0..<\(beams), got \(beam)") }
        for head in 0..<heads {
          let target = ((item * heads + head) * keys + key) * size
          let source = (((item / beams * beams + beam) * heads + head) * keys + key) * size
          moved.replaceSubrange(target..<target + size, with: values[source..<source + size])
        }
      }
    }
    return Tensor(moved, shape: filled.shape)
  }
}
