internal import DecantIR

/// Elements repeated along axes.
enum RepeatOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Expand", schema: OpSchema(since: 8, reads: ["input", "shape"]), infer: inferExpand, propagate: propagateExpand,
      evaluate: expand),
    OpDefinition(
      "Tile", schema: OpSchema(since: 1, reads: ["input", "repeats"]), infer: inferTile, evaluate: tile),
  ]

  // MARK: Expand

  @Sendable private static func inferExpand(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let target = context.symbols(1) else {
      let rank = context.shape(1).flatMap { $0.rank == 1 ? $0[0].fixed : nil }.flatMap {
        (0...64).contains($0) ? $0 : nil
      }
      let unknown = rank.map { Shape([Dimension](repeating: .unknown, count: $0)) }
      return [.tensor(TensorType(type, try Broadcast.shape([context.shape(0), unknown])))]
    }
    for case .fixed(let extent) in target.elements where extent < 0 {
      throw OpError("'shape' expected extents of 0 or more, got \(extent)")
    }
    return [.tensor(TensorType(type, try Broadcast.shape([context.shape(0), Shape(target.elements)])))]
  }

  @Sendable private static func propagateExpand(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    guard let symbols = context.symbols(0), let target = context.integers(1), target.count <= 1 else { return [nil] }
    let count = target.first ?? 1
    guard (1...1024).contains(count), symbols.elements.count == 1 else { return [count == 1 ? symbols : nil] }
    return [
      SymbolicTensor(
        elements: [Dimension](repeating: symbols.elements[0], count: count),
        isScalar: symbols.isScalar && target.isEmpty)
    ]
  }

  @Sendable private static func expand(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (tensor, target) = (try context.operand(0), try context.integers(1))
    _ = try Tensor.elementCount(shape: target)
    let shape = try Broadcast.extents([tensor.shape, target])
    if shape == tensor.shape { return [tensor] }
    try context.checkSize(tensor.dataType, shape: shape)
    return [
      try context.move(
        [tensor], shape: shape,
        StridedCopy(shape: shape, strides: BroadcastPlan.strides(of: tensor.shape, in: shape)))
    ]
  }

  // MARK: Tile

  @Sendable private static func inferTile(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let shape = context.shape(0) else { return [.tensor(TensorType(context.dataType(0), nil))] }
    guard let repeats = context.symbols(1) else {
      let unknown = Shape([Dimension](repeating: .unknown, count: shape.rank))
      return [.tensor(TensorType(context.dataType(0), unknown))]
    }
    guard repeats.elements.count == shape.rank else {
      throw OpError("'repeats' expected \(shape.rank) numbers, got \(repeats.elements.count)")
    }
    let result = Shape(zip(shape.dimensions, repeats.elements).map { $0 * $1 })
    return [.tensor(TensorType(context.dataType(0), result))]
  }

  /// Seen as twice the axes, of which every first one repeats.
  @Sendable private static func tile(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (tensor, repeats) = (try context.operand(0), try context.integers(1))
    guard repeats.count == tensor.rank, repeats.allSatisfy({ $0 >= 0 }) else {
      throw OpError("'repeats' expected \(tensor.rank) numbers of 0 or more, got \(repeats)")
    }
    var result: [Int] = []
    for (extent, times) in zip(tensor.shape, repeats) {
      let (product, overflow) = extent.multipliedReportingOverflow(by: times)
      guard !overflow else { throw OpError("tiling \(tensor.shape) by \(repeats) overflows") }
      result.append(product)
    }
    try context.checkSize(tensor.dataType, shape: result)
    let strides = BroadcastPlan.strides(of: tensor.shape)
    let copy = StridedCopy(
      shape: zip(repeats, tensor.shape).flatMap { [$0, $1] }, strides: strides.flatMap { [0, $0] })
    return [try context.move([tensor], shape: result, copy)]
  }
}
