internal import DecantIR

/// Ranges along axes.
enum SliceOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Slice", schema: OpSchema(since: 1, reads: ["data", "starts", "ends", "axes?", "steps?"]), infer: infer,
      propagate: propagate, evaluate: evaluate, quantization: .passThrough)
  ]

  /// What a slice takes along one axis.
  struct Cut {
    /// The first index that it takes; any number when it takes none.
    var start: Int
    /// How many.
    var count: Int
    /// From one to the next.
    var step: Int

    /// Bounds are cut to the extent as in Python.
    init(start: Int, end: Int, step: Int, extent: Int) throws(OpError) {
      guard step != 0, step != Int.min else { throw OpError("'steps' expected numbers other than 0, got \(step)") }
      func place(_ bound: Int, _ limits: ClosedRange<Int>) -> Int {
        let fromFront = bound < 0 ? bound + extent : bound
        return min(max(fromFront, limits.lowerBound), limits.upperBound)
      }
      self.step = step
      guard extent > 0 else {
        (self.start, count) = (0, 0)
        return
      }
      if step > 0 {
        self.start = place(start, 0...extent)
        let length = place(end, 0...extent) - self.start
        count = length > 0 ? (length - 1) / step + 1 : 0
      } else {
        self.start = place(start, 0...extent - 1)
        let length = self.start - place(end, -1...extent - 1)
        count = length > 0 ? (length - 1) / -step + 1 : 0
      }
    }
  }

  private static func axes(
    _ axes: [Int]?, steps: [Int]?, count: Int, ends: Int, rank: Int
  ) throws(OpError) -> (axes: [Int], steps: [Int]) {
    let given = axes ?? Array(0..<count)
    let steps = steps ?? [Int](repeating: 1, count: count)
    guard ends == count, given.count == count, steps.count == count else {
      throw OpError(
        "expected as many starts, ends, axes and steps, got \(count), \(ends), \(given.count), \(steps.count)")
    }
    let normal = try given.mapThrowing { (axis) throws(OpError) in try normalizeAxis(axis, rank: rank, name: "axes") }
    guard Set(normal).count == count else { throw OpError("'axes' expected different axes, got \(given)") }
    return (normal, steps)
  }

  // MARK: Inference

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard var shape = context.shape(0) else { return [.tensor(TensorType(type, nil))] }
    let count = context.shape(1).flatMap { $0.rank == 1 ? $0[0].fixed : nil } ?? context.symbols(1)?.elements.count
    let knowsAxes = !context.has(3) || context.integers(3) != nil
    guard let count, (0...shape.rank).contains(count), knowsAxes else {
      return [.tensor(TensorType(type, Shape([Dimension](repeating: .unknown, count: shape.rank))))]
    }
    let unknown = [Dimension](repeating: .unknown, count: count)
    let starts = context.symbols(1)?.elements ?? unknown
    let ends = context.symbols(2)?.elements ?? unknown
    let knowsSteps = !context.has(4) || context.integers(4) != nil
    let steps = knowsSteps ? context.integers(4) : [Int](repeating: 1, count: count)
    let (places, stride) = try axes(
      context.integers(3), steps: steps, count: starts.count, ends: ends.count, rank: shape.rank)
    for (index, axis) in places.enumerated() {
      shape[axis] = knowsSteps ? try length(shape[axis], starts[index], ends[index], stride[index]) : .unknown
    }
    return [.tensor(TensorType(type, shape))]
  }

  /// The extent of a slice. Bounds that are symbols are taken to lie within the extent, as exporters mean them.
  private static func length(
    _ extent: Dimension, _ start: Dimension, _ end: Dimension, _ step: Int
  ) throws(OpError) -> Dimension {
    if case (.fixed(let extent), .fixed(let start), .fixed(let end)) = (extent, start, end) {
      return .fixed(try Cut(start: start, end: end, step: step, extent: extent).count)
    }
    if step == -1, start == -1, let last = end.fixed, last < -(1 << 31) + 1 { return extent }
    guard step > 0 else { return .unknown }
    let farEnd = 1 << 31 - 1
    func place(_ bound: Dimension) -> Dimension {
      guard let number = bound.fixed else { return bound.isKnownNotNegative ? bound : .unknown }
      if number >= farEnd { return extent }
      if number <= -farEnd { return 0 }
      guard let whole = extent.fixed else { return number < 0 ? extent + bound : bound }
      return .fixed(min(max(number < 0 ? number + whole : number, 0), whole))
    }
    let (first, last) = (place(start), place(end))
    // A number as an end of an extent that is a symbol may lie beyond it.
    if end.fixed.map({ $0 >= 0 && $0 < farEnd }) == true, extent.fixed == nil { return .unknown }
    return (last - first + .fixed(step - 1)).dividedFloor(by: step)
  }

  @Sendable private static func propagate(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    guard let symbols = context.symbols(0), !symbols.isScalar,
      let start = context.integers(1)?.first, let end = context.integers(2)?.first
    else { return [nil] }
    guard !context.has(4) || context.integers(4) != nil else { return [nil] }
    let step = context.integers(4)?.first ?? 1
    let cut = try Cut(start: start, end: end, step: step, extent: symbols.elements.count)
    return [SymbolicTensor(elements: (0..<cut.count).map { symbols.elements[cut.start + $0 * step] })]
  }

  // MARK: Kernel

  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    let (starts, ends) = (try context.integers(1), try context.integers(2))
    let (places, steps) = try axes(
      try context.optionalOperand(3) == nil ? nil : try context.integers(3),
      steps: try context.optionalOperand(4) == nil ? nil : try context.integers(4),
      count: starts.count, ends: ends.count, rank: tensor.rank)
    var (shape, strides, offset) = (tensor.shape, BroadcastPlan.strides(of: tensor.shape), 0)
    for (index, axis) in places.enumerated() {
      let cut = try Cut(start: starts[index], end: ends[index], step: steps[index], extent: tensor.shape[axis])
      shape[axis] = cut.count
      offset &+= cut.start &* strides[axis]
      strides[axis] = strides[axis] &* cut.step
    }
    if shape == tensor.shape, strides == BroadcastPlan.strides(of: tensor.shape) { return [tensor] }
    return [try context.move([tensor], shape: shape, StridedCopy(shape: shape, strides: strides, offset: offset))]
  }
}
