internal import DecantIR

/// Permutations of axes, and of blocks of channels and space.
enum TransposeOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "DepthToSpace",
      schema: OpSchema(
        since: 1, reads: ["input"], attributes: [.init("blocksize", .int, isRequired: true), .init("mode", .string)]),
      infer: inferDepthToSpace, evaluate: depthToSpace),
    OpDefinition(
      "SpaceToDepth",
      schema: OpSchema(
        since: 1, reads: ["input"], attributes: [.init("blocksize", .int, isRequired: true), .init("mode", .string)]),
      infer: inferSpaceToDepth, evaluate: spaceToDepth),
    OpDefinition(
      "Transpose",
      schema: OpSchema(since: 1, reads: ["data"], gives: ["transposed"], attributes: [.init("perm", .ints)]),
      infer: inferTranspose, evaluate: transpose, quantization: .passThrough),
  ]

  // MARK: Transpose

  /// The permutation: the attribute, or the reversal of all axes.
  static func permutation(_ attributes: Attributes, rank: Int) throws(OpError) -> [Int] {
    guard let given = attributes.ints("perm") else { return Array((0..<rank).reversed()) }
    let axes = try given.mapThrowing { (axis) throws(OpError) in try normalizeAxis(axis, rank: rank, name: "perm") }
    guard axes.count == rank, Set(axes).count == rank else {
      throw OpError("'perm' expected a permutation of \(rank) axes, got \(given)")
    }
    return axes
  }

  @Sendable private static func inferTranspose(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let shape = context.shape(0) else { return [.tensor(TensorType(context.dataType(0), nil))] }
    let axes = try permutation(context.attributes, rank: shape.rank)
    return [.tensor(TensorType(context.dataType(0), Shape(axes.map { shape[$0] })))]
  }

  @Sendable private static func transpose(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    return [try permute(context, tensor, try permutation(context.attributes, rank: tensor.rank))]
  }

  /// `tensor` with its axes in the order `axes`.
  static func permute(_ context: EvaluationContext, _ tensor: Tensor, _ axes: [Int]) throws(OpError) -> Tensor {
    let strides = BroadcastPlan.strides(of: tensor.shape)
    let shape = axes.map { tensor.shape[$0] }
    // Axes that keep the order of all that is not 1 move nothing.
    let moved = axes.filter { tensor.shape[$0] != 1 }
    if moved == moved.sorted() { return tensor.reshaped(shape) }
    return try context.move([tensor], shape: shape, StridedCopy(shape: shape, strides: axes.map { strides[$0] }))
  }

  // MARK: Blocks

  private static func blockSize(_ attributes: Attributes) throws(OpError) -> Int {
    let size = attributes.int("blocksize", default: 0)
    guard (1...Int(Int16.max)).contains(size) else { throw OpError("'blocksize' expected in 1...32767, got \(size)") }
    return size
  }

  private static func check(rank: Int, _ shape: some CustomStringConvertible) throws(OpError) {
    guard rank == 4 else { throw OpError("expected a tensor of 4 axes, got \(shape)") }
  }

  @Sendable private static func inferDepthToSpace(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let size = try blockSize(context.attributes)
    guard let shape = context.shape(0) else { return [.tensor(TensorType(context.dataType(0), nil))] }
    try check(rank: shape.rank, shape)
    if let channels = shape[1].fixed, channels % (size * size) != 0 {
      throw OpError("expected channels that \(size * size) divides, got \(channels)")
    }
    let block = Dimension.fixed(size)
    let result: Shape = [shape[0], shape[1] / .fixed(size * size), shape[2] * block, shape[3] * block]
    return [.tensor(TensorType(context.dataType(0), result))]
  }

  @Sendable private static func inferSpaceToDepth(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let size = try blockSize(context.attributes)
    guard let shape = context.shape(0) else { return [.tensor(TensorType(context.dataType(0), nil))] }
    try check(rank: shape.rank, shape)
    for axis in 2...3 {
      if let extent = shape[axis].fixed, extent % size != 0 {
        throw OpError("expected planes that \(size) divides, got \(shape)")
      }
    }
    let block = Dimension.fixed(size)
    let result: Shape = [shape[0], shape[1] * .fixed(size * size), shape[2] / block, shape[3] / block]
    return [.tensor(TensorType(context.dataType(0), result))]
  }

  private static func isDepthFirst(_ attributes: Attributes) throws(OpError) -> Bool {
    try attributes.choice("mode", of: ["DCR", "CRD"]) == "DCR"
  }

  @Sendable private static func depthToSpace(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (tensor, size) = (try context.operand(0), try blockSize(context.attributes))
    try check(rank: tensor.rank, tensor.shape)
    let (n, c, h, w) = (tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3])
    guard c % (size * size) == 0 else { throw OpError("expected channels that \(size * size) divides, got \(c)") }
    let depth = c / (size * size)
    let isDepthFirst = try isDepthFirst(context.attributes)
    let blocks = tensor.reshaped(isDepthFirst ? [n, size, size, depth, h, w] : [n, depth, size, size, h, w])
    let moved = try permute(context, blocks, isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3])
    return [moved.reshaped([n, depth, h * size, w * size])]
  }

  @Sendable private static func spaceToDepth(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (tensor, size) = (try context.operand(0), try blockSize(context.attributes))
    try check(rank: tensor.rank, tensor.shape)
    let (n, c, h, w) = (tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3])
    guard h % size == 0, w % size == 0 else {
      throw OpError("expected planes that \(size) divides, got \(tensor.shape)")
    }
    let blocks = tensor.reshaped([n, c, h / size, size, w / size, size])
    let moved = try permute(
      context, blocks, try isDepthFirst(context.attributes) ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4])
    return [moved.reshaped([n, c * size * size, h / size, w / size])]
  }
}
