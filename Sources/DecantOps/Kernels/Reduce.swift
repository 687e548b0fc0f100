internal import DecantIR

/// Which elements of a tensor are reduced together.
struct ReductionPlan {
  /// Extents of the result with the reduced axes kept as 1.
  let kept: [Int]
  /// Extents of the result without the reduced axes.
  let dropped: [Int]
  /// How many elements are reduced together.
  let groupSize: Int
  private let outer: BroadcastPlan
  private let inner: BroadcastPlan

  /// Over `axes` of a tensor of `shape`, which is in memory.
  init(_ shape: [Int], axes: [Int], isNoop: Bool) throws(OpError) {
    let reduced = try Reduction.reducedAxes(axes, rank: shape.count, isNoop: isNoop)
    let strides = BroadcastPlan.strides(of: shape)
    let (away, stay) = (shape.indices.filter(reduced.contains), shape.indices.filter { !reduced.contains($0) })
    kept = shape.indices.map { reduced.contains($0) ? 1 : shape[$0] }
    dropped = stay.map { shape[$0] }
    _ = try Tensor.elementCount(shape: dropped)
    groupSize = try product(of: away.map { shape[$0] })
    outer = BroadcastPlan(shape: dropped, strides: [stay.map { strides[$0] }])
    inner = BroadcastPlan(shape: away.map { shape[$0] }, strides: [away.map { strides[$0] }])
  }

  /// Calls `body` with the places of each group's elements, in the order of the result.
  func forEachGroup(_ body: (_ places: [Int]) -> Void) {
    guard outer.count > 0 else { return }
    var offsets: [Int] = []
    offsets.reserveCapacity(groupSize)
    inner.forEachRun { _, sources in
      for step in 0..<inner.run { offsets.append(sources[0] + step * inner.runStrides[0]) }
    }
    outer.forEachRun { _, sources in
      for step in 0..<outer.run {
        let base = sources[0] + step * outer.runStrides[0]
        body(offsets.map { base + $0 })
      }
    }
  }

  /// Calls `body` with each group's elements, in the order of the result.
  func forEachGroup<T>(of values: [T], _ body: (ArraySlice<T>) -> Void) {
    if inner.runStrides[0] == 1, inner.run == groupSize, groupSize > 0 {
      outer.forEachRun { _, sources in
        for step in 0..<outer.run {
          let base = sources[0] + step * outer.runStrides[0]
          body(values[base..<base + groupSize])
        }
      }
      return
    }
    forEachGroup { places in body(places.map { values[$0] }[...]) }
  }
}

/// A reduction of a group of elements to one.
protocol ReductionKernel: NumberKernel {
  /// The result for floats.
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T
  /// The result for integers, which wrap; nil where the operator has none.
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T?
}

extension ReductionKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let result = try run(context, try context.numbers(0, as: T.self)) { reduce(floats: $0) }
    return [try result.rounded(to: try context.operand(0).dataType, from: T.self)]
  }

  static func evaluate<T: KernelNumber>(number type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    switch T.dataType {
    case .int32: return [try whole(context, tensor.array(of: Int32.self) ?? [])]
    case .int64: return [try whole(context, tensor.array(of: Int64.self) ?? [])]
    case .uint32: return [try whole(context, tensor.array(of: UInt32.self) ?? [])]
    case .uint64: return [try whole(context, tensor.array(of: UInt64.self) ?? [])]
    default: throw OpError("operand 0: expected a number, got \(tensor.dataType)")
    }
  }

  static func whole<T: KernelNumber & FixedWidthInteger>(
    _ context: EvaluationContext, _ values: [T]
  ) throws(OpError) -> Tensor {
    guard reduce(integers: values[..<0]) != nil else {
      throw OpError("operand 0: expected a float type, got \(T.dataType)")
    }
    return try run(context, values) { reduce(integers: $0) ?? 0 }
  }

  static func run<T: TensorElement>(
    _ context: EvaluationContext, _ values: [T], _ body: (ArraySlice<T>) -> T
  ) throws(OpError) -> Tensor {
    let axes = try context.optionalOperand(1) == nil ? [] : try context.integers(1)
    let isNoop = context.attributes.int("noop_with_empty_axes", default: 0) != 0
    let plan = try ReductionPlan(try context.operand(0).shape, axes: axes, isNoop: isNoop)
    let keeps = context.attributes.int("keepdims", default: 1) != 0
    try context.checkSize(T.dataType, shape: plan.dropped)
    var result: [T] = []
    plan.forEachGroup(of: values) { result.append(body($0)) }
    return Tensor(result, shape: keeps ? plan.kept : plan.dropped)
  }
}
