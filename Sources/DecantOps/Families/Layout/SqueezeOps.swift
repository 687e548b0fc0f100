internal import DecantIR

/// Axes of extent 1, dropped and added.
enum SqueezeOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Squeeze", schema: OpSchema(since: 1, reads: ["data", "axes?"], gives: ["squeezed"]), infer: inferSqueeze,
      propagate: propagateSqueeze, evaluate: squeeze, quantization: .passThrough),
    OpDefinition(
      "Unsqueeze", schema: OpSchema(since: 1, reads: ["data", "axes"], gives: ["expanded"]), infer: inferUnsqueeze,
      propagate: propagateUnsqueeze, evaluate: unsqueeze, quantization: .passThrough),
  ]

  /// Axes counted from the front, each once.
  static func normalize(_ axes: [Int], rank: Int) throws(OpError) -> Set<Int> {
    var result: Set<Int> = []
    for axis in axes {
      guard result.insert(try normalizeAxis(axis, rank: rank, name: "axes")).inserted else {
        throw OpError("'axes' expected different axes, got \(axes)")
      }
    }
    return result
  }

  // MARK: Squeeze

  @Sendable private static func inferSqueeze(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let shape = context.shape(0) else { return [.tensor(TensorType(type, nil))] }
    if !context.has(1) {
      // Which axes go is known only when it is known of each whether it is 1.
      guard shape.dimensions.allSatisfy({ $0.fixed != nil }) else { return [.tensor(TensorType(type, nil))] }
      return [.tensor(TensorType(type, Shape(shape.dimensions.filter { $0 != 1 })))]
    }
    guard let axes = context.integers(1) else {
      return [.tensor(TensorType(type, try squeezed(shape, count: context.shape(1)?.fixed)))]
    }
    let dropped = try normalize(axes, rank: shape.rank)
    for axis in dropped.sorted() {
      if let extent = shape[axis].fixed, extent != 1 {
        throw OpError("'axes' expected axes of extent 1, got axis \(axis) of \(shape)")
      }
    }
    let kept = shape.dimensions.indices.filter { !dropped.contains($0) }.map { shape[$0] }
    return [.tensor(TensorType(type, Shape(kept)))]
  }

  /// What is left when only the shape of the axes is known: their number decides where no more extents can be 1.
  private static func squeezed(_ shape: Shape, count: [Int]?) throws(OpError) -> Shape? {
    guard let count, count.count == 1 else { return nil }
    let kept = shape.dimensions.filter { $0.fixed.map { $0 != 1 } ?? false }
    let candidates = shape.rank - kept.count
    guard count[0] <= candidates else {
      throw OpError("operand 1: expected at most \(candidates) axes, got \(count[0]): the operand has shape \(shape)")
    }
    if count[0] == candidates { return Shape(kept) }
    return Shape([Dimension](repeating: .unknown, count: shape.rank - count[0]))
  }

  @Sendable private static func propagateSqueeze(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    guard let symbols = context.symbols(0), !symbols.isScalar, symbols.elements.count == 1 else {
      return [context.symbols(0)]
    }
    return [SymbolicTensor(elements: symbols.elements, isScalar: context.integers(1) != [] || !context.has(1))]
  }

  @Sendable private static func squeeze(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    guard try context.optionalOperand(1) != nil else { return [tensor.reshaped(tensor.shape.filter { $0 != 1 })] }
    let dropped = try normalize(try context.integers(1), rank: tensor.rank)
    for axis in dropped.sorted() where tensor.shape[axis] != 1 {
      throw OpError("'axes' expected axes of extent 1, got axis \(axis) of \(tensor.shape)")
    }
    return [tensor.reshaped(tensor.shape.indices.filter { !dropped.contains($0) }.map { tensor.shape[$0] })]
  }

  // MARK: Unsqueeze

  @Sendable private static func inferUnsqueeze(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let shape = context.shape(0) else { return [.tensor(TensorType(type, nil))] }
    guard let axes = context.integers(1) else {
      let count = context.shape(1).flatMap { $0.rank == 1 ? $0[0].fixed : nil }.flatMap {
        (0...64).contains($0) ? $0 : nil
      }
      let unknown = count.map { Shape([Dimension](repeating: .unknown, count: shape.rank + $0)) }
      return [.tensor(TensorType(type, unknown))]
    }
    return [.tensor(TensorType(type, Shape(try insert(axes, into: shape.dimensions, 1))))]
  }

  /// `extents` with `one` at the places that `axes` name in the result.
  private static func insert<Extent>(_ axes: [Int], into extents: [Extent], _ one: Extent) throws(OpError) -> [Extent] {
    let added = try normalize(axes, rank: extents.count + axes.count)
    var rest = extents[...]
    return (0..<extents.count + axes.count).map { added.contains($0) ? one : rest.popFirst() ?? one }
  }

  @Sendable private static func propagateUnsqueeze(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    guard let symbols = context.symbols(0), symbols.isScalar, let axes = context.integers(1), axes.count <= 1 else {
      return [nil]
    }
    return [SymbolicTensor(elements: symbols.elements, isScalar: axes.isEmpty)]
  }

  @Sendable private static func unsqueeze(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    return [tensor.reshaped(try insert(try context.integers(1), into: tensor.shape, 1))]
  }
}
