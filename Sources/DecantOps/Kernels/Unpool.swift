internal import DecantIR

/// `MaxUnpool`: the maxima of a pooling back at their places, zeroes elsewhere.
enum UnpoolKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, indices) = (try context.operand(0), try context.operand(1))
    guard x.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(x.shape)") }
    guard x.dataType.isFloat else { throw context.expected("floats", x) }
    guard indices.shape == x.shape else { throw OpError("operand 1: expected shape \(x.shape), got \(indices.shape)") }
    let rule = try TransposedWindowRule(context.attributes, kernel: context.attributes.ints("kernel_shape") ?? [])
    // Indices count in the shape that the window gives, whatever larger one is asked for.
    let pooled = try x.shape[..<2] + rule.resolve(Array(x.shape[2...])).axes.map(\.input)
    let shape = try context.optionalOperand(2) == nil ? Array(pooled) : try context.integers(2)
    guard shape.count == x.rank, zip(shape, pooled).allSatisfy({ $0 >= $1 }) else {
      throw OpError("'output_shape' expected at least \(Array(pooled)), got \(shape)")
    }
    let limit = try Tensor.elementCount(shape: Array(pooled))
    try context.checkSize(x.dataType, shape: shape)
    let (from, to) = (BroadcastPlan.strides(of: Array(pooled)), BroadcastPlan.strides(of: shape))
    var places: [Int] = []
    for index in try context.integers(1) {
      guard (0..<limit).contains(index) else { throw OpError("operand 1: expected in 0..<\(limit), got \(index)") }
      places.append(from.indices.reduce(0) { $0 + index / from[$1] % pooled[$1] * to[$1] })
    }
    return [try context.move([x], shape: shape, Placement(places: places))]
  }
}
