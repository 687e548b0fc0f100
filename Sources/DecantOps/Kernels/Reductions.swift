internal import DecantIR

/// Sums of floats are carried in f64, so that they hardly depend on how many there are.
private func sum<T: KernelFloat>(_ values: ArraySlice<T>, _ term: (Double) -> Double = { $0 }) -> T {
  var sum = 0.0
  for value in values { sum += term(Double(value)) }
  return T(sum)
}

/// `ReduceSum`.
enum ReduceSumKernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T { sum(floats) }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? { integers.reduce(0, &+) }
}

/// `ReduceMean`; integers are divided towards zero.
enum ReduceMeanKernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T {
    var sum = 0.0
    for value in floats { sum += Double(value) }
    return T(sum / Double(floats.count))
  }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? {
    guard let count = T(exactly: integers.count), count > 0 else { return 0 }
    return integers.reduce(0, &+) / count
  }
}

/// `ReduceMax`; NaN wins, and of nothing it is the lowest value.
enum ReduceMaxKernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T {
    floats.reduce(-T.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
  }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? { integers.max() ?? T.min }

  @Sendable static func evaluateAny(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    if let bytes = try evaluateBytes(context, empty: (0, Int8.min), { $0.max() }) { return bytes }
    return try evaluateNumbers(context)
  }
}

/// `ReduceMin`; NaN wins, and of nothing it is the highest value.
enum ReduceMinKernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T {
    floats.reduce(T.infinity) { $1 < $0 || $1.isNaN ? $1 : $0 }
  }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? { integers.min() ?? T.max }

  @Sendable static func evaluateAny(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    if let bytes = try evaluateBytes(context, empty: (255, Int8.max), { $0.min() }) { return bytes }
    return try evaluateNumbers(context)
  }
}

extension ReductionKernel {
  /// The results for types of one byte; nil for others.
  fileprivate static func evaluateBytes(
    _ context: EvaluationContext, empty: (UInt8, Int8), _ best: (ArraySlice<Int>) -> Int?
  ) throws(OpError) -> [Tensor]? {
    let tensor = try context.operand(0)
    switch tensor.dataType {
    case .uint8:
      let values = tensor.array(of: UInt8.self) ?? []
      return [try run(context, values) { group in best(group.map { Int($0) }[...]).map { UInt8($0) } ?? empty.0 }]
    case .int8:
      let values = tensor.array(of: Int8.self) ?? []
      return [try run(context, values) { group in best(group.map { Int($0) }[...]).map { Int8($0) } ?? empty.1 }]
    case .bool:
      let values = tensor.array(of: Boolean.self) ?? []
      return [
        try run(context, values) { group in
          Boolean(best(group.map { $0.value ? 1 : 0 }[...]).map { $0 != 0 } ?? (empty.0 != 0))
        }
      ]
    default: return nil
    }
  }
}

/// `ReduceProd`.
enum ReduceProdKernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T { floats.reduce(1, *) }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? { integers.reduce(1, &*) }
}

/// `ReduceL1`.
enum ReduceL1Kernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T { sum(floats) { $0.magnitude } }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? {
    integers.reduce(0) { $0 &+ T(truncatingIfNeeded: $1.magnitude) }
  }
}

/// `ReduceL2`; for integers the root is cut off.
enum ReduceL2Kernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T {
    var squares = 0.0
    for value in floats { squares += Double(value) * Double(value) }
    return T(squares.squareRoot())
  }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? {
    T(exactly: Double(integers.reduce(0) { $0 &+ $1 &* $1 }).squareRoot().rounded(.towardZero)) ?? 0
  }
}

/// `ReduceSumSquare`.
enum ReduceSumSquareKernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T { sum(floats) { $0 * $0 } }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? {
    integers.reduce(0) { $0 &+ $1 &* $1 }
  }
}

/// `ReduceLogSum`.
enum ReduceLogSumKernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T { T.log(sum(floats)) }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? { nil }
}

/// `ReduceLogSumExp`, with the largest element taken out first.
enum ReduceLogSumExpKernel: ReductionKernel {
  static func reduce<T: KernelFloat>(floats: ArraySlice<T>) -> T {
    let largest = floats.reduce(-T.infinity) { $1 > $0 ? $1 : $0 }
    guard largest.isFinite else { return floats.contains { $0.isNaN } ? .nan : largest }
    let offset = Double(largest)
    return T(offset + Double.log(floats.reduce(0.0) { $0 + Double.exp(Double($1) - offset) }))
  }
  static func reduce<T: KernelNumber & FixedWidthInteger>(integers: ArraySlice<T>) -> T? { nil }
}
