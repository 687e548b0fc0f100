internal import DecantIR

/// Sequences as lists: made, read, grown, shrunk, and mapped.
enum SequenceOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "SequenceAt", schema: OpSchema(since: 11, reads: ["input_sequence", "position"], gives: ["tensor"]),
      infer: inferAt, evaluateValues: at),
    OpDefinition(
      "SequenceConstruct", schema: OpSchema(since: 11, reads: ["inputs*"], gives: ["output_sequence"]),
      infer: inferConstruct, evaluateValues: construct),
    OpDefinition(
      "SequenceEmpty", schema: OpSchema(since: 11, reads: [], attributes: [.init("dtype", .int)]), infer: inferEmpty,
      propagate: { (_) throws(OpError) in [.emptySequence] }, evaluateValues: empty),
    OpDefinition(
      "SequenceErase",
      schema: OpSchema(since: 11, reads: ["input_sequence", "position?"], gives: ["output_sequence"]),
      infer: inferErase, evaluateValues: erase),
    OpDefinition(
      "SequenceInsert",
      schema: OpSchema(since: 11, reads: ["input_sequence", "tensor", "position?"], gives: ["output_sequence"]),
      infer: inferInsert, evaluateValues: insert),
    OpDefinition(
      "SequenceLength", schema: OpSchema(since: 11, reads: ["input_sequence"], gives: ["length"]), infer: inferLength,
      evaluateValues: length),
    OpDefinition(
      "SequenceMap",
      schema: OpSchema(
        since: 17, operands: [.init("input_sequence"), .init("additional_inputs", .variadic(minimum: 0))],
        results: [.init("out_sequence", .variadic(minimum: 1))],
        attributes: [.init("body", .graph, isRequired: true)]),
      infer: inferMap, evaluateValues: map),
  ]

  /// The type of the elements of operand `index`.
  static func elementType(_ context: InferenceContext, _ index: Int) throws(OpError) -> ValueType {
    switch context.type(index) {
    case .sequence(let element): return element
    case .unknown: return .unknown
    case let type: throw OpError("operand \(index): expected a sequence, got \(type)")
    }
  }

  // MARK: Made and read

  @Sendable private static func inferConstruct(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let types = context.types.indices.map { context.type($0) }
    guard let first = types.first else { return [.sequence(.unknown)] }
    return [.sequence(types.dropFirst().reduce(first) { $0.joined(with: $1) })]
  }

  @Sendable private static func construct(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    var elements: [RuntimeValue] = []
    for index in context.operands.indices { elements.append(try context.operand(index)) }
    try checkOneType(elements)
    return [.sequence(elements)]
  }

  @Sendable private static func inferEmpty(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.sequence(.tensor(TensorType(try context.attributes.dataType("dtype") ?? .float32, nil)))]
  }

  @Sendable private static func empty(_ context: ValueContext) throws(OpError) -> [RuntimeValue] { [.sequence([])] }

  @Sendable private static func inferAt(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [try elementType(context, 0)]
  }

  @Sendable private static func at(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let elements = try context.sequence(0)
    return [elements[try position(context, 1, count: elements.count, end: elements.count - 1)]]
  }

  @Sendable private static func inferLength(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    _ = try elementType(context, 0)
    return [.tensor(.int64, [])]
  }

  @Sendable private static func length(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    [.tensor(Tensor(scalar: Int64(try context.sequence(0).count)))]
  }

  // MARK: Grown and shrunk

  @Sendable private static func inferInsert(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let element = try elementType(context, 0)
    if context.isEmptySequence(0), element.merged(with: context.type(1)) != nil { return [.sequence(context.type(1))] }
    return [.sequence(element == .unknown ? context.type(1).withoutShape : element.joined(with: context.type(1)))]
  }

  @Sendable private static func insert(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    var elements = try context.sequence(0)
    let value = try context.operand(1)
    try checkOneType(elements.prefix(1) + [value])
    let place =
      context.optionalOperand(2) == nil
      ? elements.count : try position(context, 2, count: elements.count, end: elements.count)
    elements.insert(value, at: place)
    return [.sequence(elements)]
  }

  @Sendable private static func inferErase(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.sequence(try elementType(context, 0))]
  }

  @Sendable private static func erase(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    var elements = try context.sequence(0)
    let last = elements.count - 1
    let place = context.optionalOperand(1) == nil ? last : try position(context, 1, count: elements.count, end: last)
    guard place >= 0 else { throw OpError("operand 0: expected a sequence with elements, got an empty one") }
    elements.remove(at: place)
    return [.sequence(elements)]
  }

  /// The place that operand `index` names in a sequence of `count` elements, counted from the front; `end` is the last one.
  private static func position(_ context: ValueContext, _ index: Int, count: Int, end: Int) throws(OpError) -> Int {
    guard let values = try context.tensor(index).integers, values.count == 1 else {
      throw OpError("operand \(index): expected one integer")
    }
    let place = values[0] < 0 ? values[0] &+ count : values[0]
    guard place >= 0, place <= end else {
      throw OpError("operand \(index): a position expected in \(-count)...\(end), got \(values[0])")
    }
    return place
  }

  private static func checkOneType(_ elements: some Collection<RuntimeValue>) throws(OpError) {
    guard let first = elements.first else { return }
    for element in elements.dropFirst() where element.tensor?.dataType != first.tensor?.dataType {
      throw OpError("a sequence expected elements of one type, got \(first.type) and \(element.type)")
    }
  }

  // MARK: Mapped

  @Sendable private static func inferMap(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let body = try ControlFlow.graph(context.attributes, "body")
    var types = [try elementType(context, 0)]
    for index in context.types.indices.dropFirst() {
      if case .sequence(let element) = context.type(index) {
        types.append(element)
      } else {
        types.append(context.type(index))
      }
    }
    return try context.inferSubgraph(body, types).map { .sequence($0) }
  }

  @Sendable private static func map(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let body = try ControlFlow.graph(context.attributes, "body")
    let count = try context.sequence(0).count
    var columns: [[RuntimeValue]] = []
    for index in context.operands.indices {
      let value = try context.operand(index)
      guard case .sequence(let elements) = value else {
        columns.append([RuntimeValue](repeating: value, count: count))
        continue
      }
      guard elements.count == count else {
        throw OpError("operand \(index): expected a sequence of \(count) elements, got \(elements.count)")
      }
      columns.append(elements)
    }
    var results = [[RuntimeValue]](repeating: [], count: body.outputs.count)
    for row in 0..<count {
      let outputs = try context.runSubgraph(body, columns.map { $0[row] })
      guard outputs.count == results.count else {
        throw OpError("expected \(results.count) results of the body, got \(outputs.count)")
      }
      for (index, output) in outputs.enumerated() { results[index].append(output) }
    }
    return results.map { .sequence($0) }
  }
}
