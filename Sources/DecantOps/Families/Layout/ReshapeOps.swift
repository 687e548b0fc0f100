internal import DecantIR

/// The same elements, in the same order, under another shape.
enum ReshapeOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Flatten", schema: OpSchema(since: 1, reads: ["input"], attributes: [.init("axis", .int)]), infer: inferFlatten,
      evaluate: flatten, quantization: .passThrough),
    OpDefinition(
      "Identity", schema: OpSchema(since: 1, reads: ["input"]), infer: Infer.sameType, propagate: Infer.sameSymbols,
      evaluate: identity, evaluateValues: identityOfValue, quantization: .passThrough),
    OpDefinition(
      "Reshape",
      schema: OpSchema(
        since: 1, reads: ["data", "shape"], gives: ["reshaped"], attributes: [.init("allowzero", .int)]),
      infer: inferReshape, propagate: propagateReshape, evaluate: reshape, quantization: .passThrough),
  ]

  @Sendable private static func identity(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.operand(0)]
  }

  @Sendable private static func identityOfValue(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    [try context.operand(0)]
  }

  // MARK: Flatten

  /// Where the axes are cut in two: 0 and the rank itself are allowed.
  private static func cut(_ attributes: Attributes, rank: Int) throws(OpError) -> Int {
    let axis = attributes.int("axis", default: 1)
    let place = axis < 0 ? axis + rank : axis
    guard place >= 0, place <= rank else { throw OpError("'axis' expected in \(-rank)...\(rank), got \(axis)") }
    return place
  }

  @Sendable private static func inferFlatten(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let shape = context.shape(0) else { return [.tensor(TensorType(context.dataType(0), [.unknown, .unknown]))] }
    let axis = try cut(context.attributes, rank: shape.rank)
    let flat = Shape([
      Shape(Array(shape.dimensions[..<axis])).elementCount, Shape(Array(shape.dimensions[axis...])).elementCount,
    ])
    return [.tensor(TensorType(context.dataType(0), flat))]
  }

  @Sendable private static func flatten(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    let axis = try cut(context.attributes, rank: tensor.rank)
    return [tensor.reshaped([tensor.shape[..<axis].reduce(1, *), tensor.shape[axis...].reduce(1, *)])]
  }

  // MARK: Reshape

  @Sendable private static func inferReshape(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let target = context.symbols(1) else {
      let rank = context.shape(1).flatMap { $0.rank == 1 ? $0[0].fixed : nil }
      let shape = rank.flatMap { (0...64).contains($0) ? Shape([Dimension](repeating: .unknown, count: $0)) : nil }
      return [.tensor(TensorType(type, shape))]
    }
    let copiesZeros = context.attributes.int("allowzero", default: 0) == 0
    return [.tensor(TensorType(type, try resolve(target.elements, of: context.shape(0), copiesZeros: copiesZeros)))]
  }

  /// The shape that a reshape asks for: 0 copies an extent, -1 is what the others leave.
  static func resolve(_ target: [Dimension], of source: Shape?, copiesZeros: Bool) throws(OpError) -> Shape {
    var result = target
    // Extents on both sides that are the same by construction cancel.
    var left = source?.dimensions
    var open: [Int] = []
    var unknown: [Int] = []
    var product = Dimension.fixed(1)
    for (axis, dimension) in target.enumerated() {
      switch dimension {
      case .fixed(0) where copiesZeros:
        if let source, axis >= source.rank {
          throw OpError("'shape' copies axis \(axis) of \(source), which has \(source.rank)")
        }
        result[axis] = source?[axis] ?? .unknown
        left?[axis] = 1
      case .fixed(-1): open.append(axis)
      case .fixed(let extent) where extent < 0: throw OpError("'shape' expected extents of -1 or more, got \(extent)")
      case .unknown: unknown.append(axis)
      default:
        let same = dimension == .fixed(0) ? nil : left?.firstIndex(of: dimension)
        if let same { left?[same] = 1 } else { product = product * dimension }
      }
    }
    guard open.count <= 1 else { throw OpError("'shape' expected at most one -1, got \(target)") }
    if let axis = open.first { result[axis] = .unknown }
    guard let left else { return Shape(result) }
    let rest = Shape(left).elementCount
    switch (open.first ?? unknown.first, open.count + unknown.count) {
    case (let axis?, 1):
      if case (.fixed(let total), .fixed(let part)) = (rest, product) {
        guard part == 0 ? total == 0 : total % part == 0 else { throw mismatch(source, target) }
      }
      result[axis] = product == .fixed(0) ? .fixed(0) : rest.dividedFloor(by: product)
    case (nil, _):
      if case (.fixed(let total), .fixed(let part)) = (rest, product), total != part { throw mismatch(source, target) }
    default: break
    }
    return Shape(result)
  }

  private static func mismatch(_ source: Shape?, _ target: [Dimension]) -> OpError {
    OpError("expected a shape for the elements of \(source?.description ?? "[*]"), got \(Shape(target))")
  }

  @Sendable private static func propagateReshape(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    guard let symbols = context.symbols(0), let target = context.symbols(1), target.elements.count <= 1 else {
      return [nil]
    }
    return [SymbolicTensor(elements: symbols.elements, isScalar: target.elements.isEmpty)]
  }

  @Sendable private static func reshape(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    let target = try context.integers(1).map { Dimension.fixed($0) }
    let copiesZeros = context.attributes.int("allowzero", default: 0) == 0
    let shape = try resolve(target, of: Shape(tensor.shape), copiesZeros: copiesZeros)
    guard let extents = shape.fixed, try Tensor.elementCount(shape: extents) == tensor.elementCount else {
      throw mismatch(Shape(tensor.shape), target)
    }
    return [tensor.reshaped(extents)]
  }
}
