internal import DecantIR

/// Evenly spaced numbers.
enum SequenceRangeOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Range",
      schema: OpSchema(since: 11, reads: ["start", "limit", "delta"], attributes: [.init("stash_type", .int)]),
      infer: infer, propagate: propagate, evaluate: evaluate)
  ]

  @Sendable static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = try context.commonDataType()
    var count = Dimension.unknown
    let ends = (0..<3).map { context.symbols($0)?.elements.first ?? .unknown }
    if case (.fixed(let start), .fixed(let limit), .fixed(let delta)) = (ends[0], ends[1], ends[2]) {
      count = .fixed(try length(start, limit, delta))
    } else if ends[2] == 1 {
      // The limit is taken not to lie below the start, as exporters mean it.
      count = ends[1] - ends[0]
    }
    return [.tensor(TensorType(type, [count]))]
  }

  @Sendable static func propagate(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    let ends = (0..<3).map { context.symbols($0)?.elements.first?.fixed }
    guard let start = ends[0], let limit = ends[1], let delta = ends[2] else { return [nil] }
    let count = try length(start, limit, delta)
    guard count <= 1024 else { return [nil] }
    return [SymbolicTensor(elements: (0..<count).map { .fixed(start + $0 * delta) })]
  }

  /// How many steps lead from `start` to before `limit`.
  private static func length(_ start: Int, _ limit: Int, _ delta: Int) throws(OpError) -> Int {
    guard delta != 0 else { throw OpError("'delta' expected other than 0, got 0") }
    let (distance, overflow) = limit.subtractingReportingOverflow(start)
    guard !overflow, delta != Int.min else {
      throw OpError("the range from \(start) to \(limit) is too long", kind: .overBudget)
    }
    guard distance != 0, (distance > 0) == (delta > 0) else { return 0 }
    return Int(1 + (distance.magnitude - 1) / delta.magnitude)
  }

  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var ends: [Tensor] = []
    for index in 0..<3 {
      let tensor = try context.operand(index)
      guard tensor.elementCount == 1 else { throw context.expected("a scalar", tensor) }
      ends.append(tensor.reshaped([]))
    }
    let type = ends[0].dataType
    for other in ends where other.dataType != type { throw context.expectedOneType(ends[0], other) }
    if type.isInteger {
      let numbers = ends.compactMap { $0.integers?.first }
      guard numbers.count == 3 else { throw context.expected("integers", ends[0]) }
      let count = try length(numbers[0], numbers[1], numbers[2])
      let result = try context.make(Int64.self, shape: [count]) { target in
        for index in 0..<count { target[index] = Int64(numbers[0] + index * numbers[2]) }
      }
      return [try context.convert(result, Conversion(target: type))]
    }
    let isDouble = type == .float64
    let wide = try ends.mapThrowing { (end) throws(OpError) in try context.convert(end, Conversion(target: .float64)) }
    let numbers = wide.compactMap { $0.array(of: Double.self)?.first }
    guard numbers.count == 3, numbers[2] != 0,
      let count = Int(exactly: max(0, ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)))
    else { throw OpError("expected a finite range, got \(numbers)") }
    let result =
      try isDouble
      ? context.make(Double.self, shape: [count]) { target in
        for index in 0..<count { target[index] = numbers[0] + Double(index) * numbers[2] }
      }
      : context.make(Float.self, shape: [count]) { target in
        for index in 0..<count { target[index] = Float(numbers[0]) + Float(index) * Float(numbers[2]) }
      }
    return [try context.convert(result, Conversion(target: type))]
  }
}
