internal import DecantIR

/// Tensors cut into sequences, and sequences joined to tensors.
enum SequenceTensorOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "ConcatFromSequence",
      schema: OpSchema(
        since: 11, reads: ["input_sequence"], gives: ["concat_result"],
        attributes: [.init("axis", .int, isRequired: true), .init("new_axis", .int)]),
      infer: inferConcat, evaluateValues: concat),
    OpDefinition(
      "SplitToSequence",
      schema: OpSchema(
        since: 11, reads: ["input", "split?"], gives: ["output_sequence"],
        attributes: [.init("axis", .int), .init("keepdims", .int)]),
      infer: inferSplit, evaluateValues: split),
  ]

  // MARK: Joined

  @Sendable private static func inferConcat(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let element = try SequenceOps.elementType(context, 0)
    guard var shape = element.shape else { return [.tensor(TensorType(element.dataType, nil))] }
    let stacks = context.attributes.int("new_axis", default: 0) != 0
    let axis = try context.normalize(
      axis: context.attributes.int("axis", default: 0), rank: shape.rank + (stacks ? 1 : 0))
    if stacks { shape.dimensions.insert(.unknown, at: axis) } else { shape[axis] = .unknown }
    return [.tensor(TensorType(element.dataType, shape))]
  }

  @Sendable private static func concat(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    var tensors: [Tensor] = []
    for element in try context.sequence(0) {
      guard let tensor = element.tensor else { throw OpError("operand 0: expected tensors, got \(element.kind)") }
      tensors.append(tensor.aligned)
    }
    guard !tensors.isEmpty else { throw OpError("operand 0: expected a sequence with elements, got an empty one") }
    let evaluation = context.evaluation(of: tensors)
    if context.attributes.int("new_axis", default: 0) != 0 {
      let axis = context.attributes.int("axis", default: 0)
      return [.tensor(try TensorStack.stack(tensors, axis: axis, type: .unknown, evaluation))]
    }
    return try JoinOps.concat(evaluation).map { .tensor($0) }
  }

  // MARK: Cut

  /// The extents of the parts of an axis of `extent`: as `split` says, else 1 each.
  private static func parts(of extent: Int, _ split: Tensor?) throws(OpError) -> [Int] {
    guard let split else { return [Int](repeating: 1, count: extent) }
    guard let sizes = split.integers else { throw OpError("operand 1: expected integers, got \(split.dataType)") }
    guard split.rank == 0, let size = sizes.first else { return sizes }
    guard size > 0 else { throw OpError("operand 1: expected a size above 0, got \(size)") }
    return stride(from: 0, to: extent, by: size).map { min(size, extent - $0) }
  }

  @Sendable private static func inferSplit(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard var shape = context.shape(0) else {
      return [.sequence(.tensor(TensorType(context.dataType(0), nil)))]
    }
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: shape.rank)
    if context.has(1) {
      var extents: Set<Int> = []
      if let constant = context.constant(1), let whole = shape[axis].fixed {
        extents = Set(try parts(of: whole, constant))
      }
      shape[axis] = extents.count == 1 ? extents.first.map { .fixed($0) } ?? .unknown : .unknown
    } else if context.attributes.int("keepdims", default: 1) != 0 {
      shape[axis] = 1
    } else {
      shape.dimensions.remove(at: axis)
    }
    return [.sequence(.tensor(TensorType(context.dataType(0), shape)))]
  }

  @Sendable private static func split(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let tensor = try context.tensor(0)
    let axis = try normalizeAxis(context.attributes.int("axis", default: 0), rank: tensor.rank)
    let sizes = context.optionalOperand(1) == nil ? nil : try context.tensor(1)
    let pieces = try JoinOps.cut(
      tensor, axis: axis, into: parts(of: tensor.shape[axis], sizes), context.evaluation(of: [tensor]))
    guard sizes == nil, context.attributes.int("keepdims", default: 1) == 0 else {
      return [.sequence(pieces.map { .tensor($0) })]
    }
    var shape = tensor.shape
    shape.remove(at: axis)
    return [.sequence(pieces.map { .tensor($0.reshaped(shape)) })]
  }
}
