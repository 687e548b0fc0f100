internal import DecantIR

/// Tensors joined along an axis, and cut along one.
enum JoinOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Concat",
      schema: OpSchema(
        since: 1, reads: ["inputs*"], gives: ["concat_result"], attributes: [.init("axis", .int, isRequired: true)]),
      infer: inferConcat, propagate: propagateConcat, evaluate: concat, quantization: .arithmetic),
    OpDefinition(
      "Split",
      schema: OpSchema(
        since: 1, reads: ["input", "split?"], gives: ["outputs*"],
        attributes: [.init("axis", .int), .init("num_outputs", .int)]),
      infer: inferSplit, propagate: propagateSplit, evaluate: split, quantization: .passThrough),
  ]

  // MARK: Concat

  @Sendable static func inferConcat(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = try context.commonDataType()
    let shapes = context.types.indices.compactMap { context.shape($0) }
    guard let first = shapes.first, shapes.count == context.types.count else {
      return [.tensor(TensorType(type, shapes.first.map { Shape([Dimension](repeating: .unknown, count: $0.rank)) }))]
    }
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: first.rank)
    var result = first
    for shape in shapes.dropFirst() {
      var (a, b) = (result, shape)
      guard a.rank == b.rank else { throw mismatch(first, shape, axis) }
      let sum = a[axis] + b[axis]
      (a[axis], b[axis]) = (1, 1)
      guard let merged = a.merged(with: b) else { throw mismatch(first, shape, axis) }
      result = merged
      result[axis] = sum
    }
    return [.tensor(TensorType(type, result))]
  }

  private static func mismatch(
    _ a: some CustomStringConvertible, _ b: some CustomStringConvertible, _ axis: Int
  ) -> OpError {
    OpError("expected shapes that differ only in axis \(axis), got \(a) and \(b)")
  }

  @Sendable private static func propagateConcat(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    var elements: [Dimension] = []
    for index in context.types.indices {
      if let symbols = context.symbols(index), !symbols.isScalar {
        elements += symbols.elements
      } else {
        guard let shape = context.shape(index), shape.rank == 1, let count = shape[0].fixed, 0...1024 ~= count else {
          return [nil]
        }
        elements += [Dimension](repeating: .unknown, count: count)
      }
      guard elements.count <= 1024 else { return [nil] }
    }
    return [elements.allSatisfy { $0 == .unknown } && !elements.isEmpty ? nil : SymbolicTensor(elements: elements)]
  }

  @Sendable static func concat(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let first = try context.operand(0)
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: first.rank)
    var (sources, shape) = ([first], first.shape)
    for index in context.operands.indices.dropFirst() {
      let next = try context.operand(index)
      var (a, b) = (first.shape, next.shape)
      guard a.count == b.count else { throw mismatch(first.shape, next.shape, axis) }
      (a[axis], b[axis]) = (0, 0)
      guard a == b else { throw mismatch(first.shape, next.shape, axis) }
      let (sum, overflow) = shape[axis].addingReportingOverflow(next.shape[axis])
      guard !overflow else { throw OpError("the extents along axis \(axis) overflow") }
      shape[axis] = sum
      sources.append(next)
    }
    let join = ChunkJoin(
      outer: shape[..<axis].reduce(1, *), chunks: sources.map { $0.shape[axis...].reduce(1, *) })
    return [try context.move(sources, shape: shape, join)]
  }

  // MARK: Split

  /// The extents of the parts when they are not given: where their number is, equal ones but for a smaller last one if it
  /// does not come out even; where it is not, as before opset 18, equal ones.
  private static func parts(of extent: Int, _ attributes: Attributes, results: Int) throws(OpError) -> [Int] {
    let given = attributes.int("num_outputs")
    let count = given ?? results
    guard count > 0, count == results else { throw OpError("'num_outputs' expected \(results), got \(count)") }
    guard given != nil || extent % count == 0 else {
      throw OpError("expected \(count) equal parts, got an extent of \(extent)")
    }
    let size = extent / count + (extent % count == 0 ? 0 : 1)
    return (0..<count).map { min(size, max(0, extent - min(extent, size * $0))) }
  }

  private static func check(_ parts: [Int], fill extent: Int, results: Int) throws(OpError) {
    var sum = 0
    for part in parts {
      let (next, overflow) = sum.addingReportingOverflow(part)
      guard part >= 0, !overflow else { throw OpError("'split' expected parts of 0 or more, got \(parts)") }
      sum = next
    }
    guard sum == extent, parts.count == results else {
      throw OpError("'split' expected \(results) parts of \(extent) in all, got \(parts)")
    }
  }

  @Sendable private static func inferSplit(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let count = context.resultCount
    guard var shape = context.shape(0) else {
      return (0..<count).map { _ in .tensor(TensorType(context.dataType(0), nil)) }
    }
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: shape.rank)
    var extents = [Dimension](repeating: .unknown, count: count)
    if context.has(1) {
      if let symbols = context.symbols(1) {
        guard symbols.elements.count == count else {
          throw OpError("'split' expected \(count) parts, got \(symbols.elements.count)")
        }
        extents = symbols.elements
        if let parts = Shape(extents).fixed, let whole = shape[axis].fixed {
          try check(parts, fill: whole, results: count)
        }
      }
    } else if let whole = shape[axis].fixed {
      extents = try parts(of: whole, context.attributes, results: count).map { .fixed($0) }
    } else {
      extents = [Dimension](repeating: shape[axis] / .fixed(count), count: count)
      if extents.contains(.unknown), context.attributes["num_outputs"] == nil {
        extents = [Dimension](repeating: shape[axis].dividedFloor(by: count), count: count)
      } else if extents.contains(.unknown) {
        // The last part may be shorter.
        let part = (shape[axis] + .fixed(count - 1)).dividedFloor(by: count)
        extents = [Dimension](repeating: part, count: count - 1) + [shape[axis] - part * .fixed(count - 1)]
      }
    }
    return extents.map { extent in
      shape[axis] = extent
      return .tensor(TensorType(context.dataType(0), shape))
    }
  }

  @Sendable private static func propagateSplit(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    guard let symbols = context.symbols(0), !symbols.isScalar else { return [] }
    let whole = symbols.elements.count
    let sizes =
      context.has(1)
      ? context.integers(1) : try parts(of: whole, context.attributes, results: context.resultCount)
    guard let sizes else { return [] }
    try check(sizes, fill: whole, results: context.resultCount)
    var rest = symbols.elements[...]
    return sizes.map { size in
      defer { rest = rest.dropFirst(size) }
      return SymbolicTensor(elements: Array(rest.prefix(size)))
    }
  }

  @Sendable private static func split(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: tensor.rank)
    let sizes =
      try context.optionalOperand(1) == nil
      ? try parts(of: tensor.shape[axis], context.attributes, results: context.resultCount) : try context.integers(1)
    guard sizes.count == context.resultCount else {
      throw OpError("'split' expected \(context.resultCount) parts, got \(sizes.count)")
    }
    return try cut(tensor, axis: axis, into: sizes, context)
  }

  /// The parts of `tensor` along `axis`, which have these sizes.
  ///
  /// - Throws: ``OpError`` for sizes that do not fill the axis.
  static func cut(
    _ tensor: Tensor, axis: Int, into sizes: [Int], _ context: EvaluationContext
  ) throws(OpError) -> [Tensor] {
    try check(sizes, fill: tensor.shape[axis], results: sizes.count)
    let strides = BroadcastPlan.strides(of: tensor.shape)
    var (results, start): ([Tensor], Int) = ([], 0)
    for size in sizes {
      var shape = tensor.shape
      shape[axis] = size
      let copy = StridedCopy(shape: shape, strides: strides, offset: start * strides[axis])
      results.append(try context.move([tensor], shape: shape, copy))
      start += size
    }
    return results
  }
}
