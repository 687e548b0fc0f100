internal import DecantIR

extension ValueType {
  /// A type that values of both types have; unknown where they have nothing in common.
  func joined(with other: ValueType) -> ValueType {
    if self == other { return self }
    switch (self, other) {
    case (.tensor(let a), .tensor(let b)) where a.dataType == b.dataType:
      return .tensor(TensorType(a.dataType, a.shape?.joined(with: b.shape)))
    case (.sequence(let a), .sequence(let b)): return .sequence(a.joined(with: b))
    case (.optional(let a), .optional(let b)): return .optional(a.joined(with: b))
    case (.optional(let a), let b), (let b, .optional(let a)): return .optional(a.joined(with: b))
    default: return .unknown
    }
  }

  /// The same type without what is known of shapes.
  var withoutShape: ValueType {
    switch self {
    case .tensor(let type): .tensor(TensorType(type.dataType, nil))
    case .sequence(let element): .sequence(element.withoutShape)
    case .optional(let element): .optional(element.withoutShape)
    default: self
    }
  }

  /// The type of a stack of such tensors along a new axis; an axis out of range leaves the rank open.
  func stacked(_ extent: Dimension, axis: Int) -> ValueType {
    guard case .tensor(let type) = self else { return .unknown }
    guard var shape = type.shape else { return self }
    let place = axis < 0 ? axis + shape.rank + 1 : axis
    guard (0...shape.rank).contains(place) else { return withoutShape }
    shape.dimensions.insert(extent, at: place)
    return .tensor(TensorType(type.dataType, shape))
  }
}

extension Shape {
  fileprivate func joined(with other: Shape?) -> Shape? {
    guard let other, rank == other.rank else { return nil }
    return Shape(zip(dimensions, other.dimensions).map { $0 == $1 ? $0 : .unknown })
  }
}

/// `If`: what both branches agree on.
enum BranchInference {
  @Sendable static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let one = try context.inferSubgraph(try ControlFlow.graph(context.attributes, "then_branch"), [])
    let other = try context.inferSubgraph(try ControlFlow.graph(context.attributes, "else_branch"), [])
    guard one.count == other.count else {
      throw OpError("expected branches with as many outputs, got \(one.count) and \(other.count)")
    }
    return zip(one, other).map { $0.joined(with: $1) }
  }
}

/// Types that stay true through all iterations of a body.
enum CarriedTypes {
  /// The body's output types once the carried ones no longer change.
  ///
  /// `initial` are the types before the first iteration, where sequences with `isEmpty` hold nothing, and so nothing of
  /// another type than the body puts in. The body takes `before`, then the carried values, then `after`; it gives `skipped`
  /// outputs, then the carried values.
  static func settle(
    _ context: InferenceContext, _ body: Graph, initial: [ValueType], isEmpty: [Bool] = [], before: [ValueType],
    after: [ValueType], skipped: Int
  ) throws(OpError) -> (carried: [ValueType], outputs: [ValueType]) {
    var carried = initial
    let known = before.map { _ in nil } + isEmpty.map { $0 ? SymbolicTensor.emptySequence : nil }
    for round in 0..<3 {
      let outputs: [ValueType]
      do throws(OpError) {
        outputs = try context.inferSubgraph(body, before + carried + after, holding: round == 0 ? known : [])
      } catch {
        // The extents before the first iteration may be wrong for the next.
        guard round == 0, carried != carried.map(\.withoutShape) else { throw error }
        carried = carried.map(\.withoutShape)
        continue
      }
      guard outputs.count >= skipped + carried.count else {
        throw OpError("expected a body with at least \(skipped + carried.count) outputs, got \(outputs.count)")
      }
      let joined = zip(carried, outputs[skipped...]).enumerated().map { index, types in
        let (old, new) = types
        if round == 0, index < isEmpty.count, isEmpty[index], case .sequence = new { return new }
        return new == .unknown ? old : old.joined(with: new)
      }
      if joined == carried, round > 0 || !isEmpty.contains(true) { return (carried, outputs) }
      carried = round == 0 ? joined : joined.map(\.withoutShape)
    }
    return (carried, try context.inferSubgraph(body, before + carried + after))
  }
}

/// `Loop`.
enum LoopInference {
  @Sendable static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let body = try ControlFlow.graph(context.attributes, "body")
    let initial = context.types.indices.dropFirst(2).map { context.type($0) }
    let (carried, outputs) = try CarriedTypes.settle(
      context, body, initial: initial, isEmpty: initial.indices.map { context.isEmptySequence($0 + 2) },
      before: [.tensor(.int64, []), .tensor(.bool, [])], after: [], skipped: 1)
    let trips = context.open("trips")
    // An optional that a body replaces by what it may hold is none any more.
    let final = zip(carried, outputs.dropFirst()).map { type, output in
      if case .optional(let element) = type, !output.isOptional { element } else { type }
    }
    return final + outputs.dropFirst(1 + carried.count).map { $0.stacked(trips, axis: 0) }
  }
}

/// `Scan`.
enum ScanInference {
  @Sendable static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let body = try ControlFlow.graph(context.attributes, "body")
    let rule = try ScanRule(context.attributes, operands: context.types.count)
    let initial = (0..<rule.states).map { context.type($0) }
    var (steps, slices): (Dimension, [ValueType]) = (.unknown, [])
    for index in 0..<rule.inputs {
      guard let type = context.type(rule.states + index).tensor, var shape = type.shape else {
        slices.append(context.type(rule.states + index).withoutShape)
        continue
      }
      let axis = try context.normalize(axis: rule.inputAxis(index), rank: shape.rank, name: "scan_input_axes")
      let extent = shape.dimensions.remove(at: axis)
      if steps.fixed == nil, extent != .unknown { steps = extent }
      slices.append(.tensor(TensorType(type.dataType, shape)))
    }
    let kept = try constant(context, body, initial, slices)
    let (carried, outputs) =
      if let kept { kept } else {
        try CarriedTypes.settle(context, body, initial: initial, before: [], after: slices, skipped: 0)
      }
    let stacked = outputs.dropFirst(carried.count).enumerated().map { index, type in
      type.stacked(steps, axis: rule.outputAxis(index))
    }
    return carried + stacked
  }
}

extension ScanInference {
  /// The types for states that keep their shape through all iterations, as the specification asks; nil where they do not.
  private static func constant(
    _ context: InferenceContext, _ body: Graph, _ initial: [ValueType], _ slices: [ValueType]
  ) throws(OpError) -> (carried: [ValueType], outputs: [ValueType])? {
    guard let first = try? context.inferSubgraph(body, initial + slices), first.count >= initial.count else {
      return nil
    }
    var carried: [ValueType] = []
    for (before, after) in zip(initial, first) {
      guard let merged = before.merged(with: after) else { return nil }
      carried.append(merged)
    }
    return (carried, carried == initial ? first : try context.inferSubgraph(body, carried + slices))
  }
}

/// Which operands of a `Scan` are states and which are cut into slices, and how.
struct ScanRule {
  /// How many states it carries.
  let states: Int
  /// How many operands it cuts.
  let inputs: Int
  private let attributes: Attributes

  /// From the attributes of a node with `count` operands.
  init(_ attributes: Attributes, operands count: Int) throws(OpError) {
    let inputs = attributes.int("num_scan_inputs", default: 0)
    guard (1...max(count, 1)).contains(inputs), inputs <= count else {
      throw OpError("'num_scan_inputs' expected in 1...\(count), got \(inputs)")
    }
    self.inputs = inputs
    states = count - inputs
    self.attributes = attributes
  }

  private func number(_ name: String, _ index: Int) -> Int {
    let values = attributes.ints(name) ?? []
    return index < values.count ? values[index] : 0
  }

  /// The axis along which input `index` is cut.
  func inputAxis(_ index: Int) -> Int { number("scan_input_axes", index) }
  /// The axis along which output `index` is stacked.
  func outputAxis(_ index: Int) -> Int { number("scan_output_axes", index) }
  /// Whether input `index` is cut from the end.
  func isInputReversed(_ index: Int) -> Bool { number("scan_input_directions", index) != 0 }
  /// Whether output `index` is stacked from the end.
  func isOutputReversed(_ index: Int) -> Bool { number("scan_output_directions", index) != 0 }
}
