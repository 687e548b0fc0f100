internal import DecantIR

/// Each different element, or slice along an axis, once.
enum UniqueOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Unique",
      schema: OpSchema(
        since: 11, reads: ["X"], gives: ["Y", "indices?", "inverse_indices?", "counts?"],
        attributes: [.init("axis", .int), .init("sorted", .int)]),
      infer: infer, evaluate: evaluate)
  ]

  @Sendable static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    var shape: Shape? = [.unknown]
    if let axis = context.attributes.int("axis") {
      shape = context.shape(0)
      if let rank = shape?.rank { shape?[try context.normalize(axis: axis, rank: rank)] = .unknown }
    }
    let places = ValueType.tensor(.int64, [.unknown])
    return [.tensor(TensorType(context.dataType(0), shape)), places, places, places]
  }

  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var tensor = try context.operand(0)
    var axis = 0
    if let given = context.attributes.int("axis") {
      axis = try context.normalize(axis: given, rank: tensor.rank)
    } else {
      tensor = tensor.reshaped([tensor.elementCount])
    }
    let slices = slices(of: try ranks(tensor, context), shape: tensor.shape, axis: axis)
    let groups = groups(slices, sorted: context.attributes.int("sorted", default: 1) != 0)
    var inverse = [Int64](repeating: 0, count: slices.count)
    for (group, members) in groups.enumerated() {
      for member in members { inverse[member] = Int64(group) }
    }
    let first = groups.map { $0[0] }
    var shape = tensor.shape
    shape[axis] = groups.count
    return [
      try GatherOps.take(context, tensor, axis: axis, first, shape: shape), Tensor(first.map { Int64($0) }),
      Tensor(inverse), Tensor(groups.map { Int64($0.count) }),
    ]
  }

  /// For each element a number that orders as the elements do; NaN, which equals itself here, comes last. Complex ones are
  /// in order of their real parts, then of their imaginary parts.
  private static func ranks(_ tensor: Tensor, _ context: EvaluationContext) throws(OpError) -> [Int] {
    if let parts = tensor.complexParts {
      let places = try ranks(parts, context)
      return ranks(tensor.elementCount) {
        (places[2 * $0], places[2 * $0 + 1]) < (places[2 * $1], places[2 * $1 + 1])
      }
    }
    switch try tensor.wideElements() {
    case .floats(let values): return ranks(values.count) { precedes(values[$0], values[$1]) }
    case .doubles(let values): return ranks(values.count) { precedes(values[$0], values[$1]) }
    case .signed(let values): return ranks(values.count) { values[$0] < values[$1] }
    case .unsigned(let values): return ranks(values.count) { values[$0] < values[$1] }
    case .strings(let values):
      return ranks(values.count) { values[$0].bytes.lexicographicallyPrecedes(values[$1].bytes) }
    }
  }

  private static func precedes<R: Real>(_ a: R, _ b: R) -> Bool { a < b || (!a.isNaN && b.isNaN) }

  private static func ranks(_ count: Int, _ precedes: (Int, Int) -> Bool) -> [Int] {
    let order = (0..<count).sorted(by: precedes)
    var result = [Int](repeating: 0, count: count)
    for (place, index) in order.enumerated().dropFirst() {
      let previous = order[place - 1]
      result[index] = result[previous] + (precedes(previous, index) ? 1 : 0)
    }
    return result
  }

  /// The ranks in each slice along `axis`.
  private static func slices(of ranks: [Int], shape: [Int], axis: Int) -> [[Int]] {
    let (length, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    var result = [[Int]](repeating: [], count: length)
    for (place, rank) in ranks.enumerated() { result[place / inner % length].append(rank) }
    return result
  }

  /// Equal slices together, each group in order; the groups by their slices, or by their first members.
  private static func groups(_ slices: [[Int]], sorted: Bool) -> [[Int]] {
    let order = slices.indices.sorted { a, b in
      slices[a] == slices[b] ? a < b : slices[a].lexicographicallyPrecedes(slices[b])
    }
    var groups: [[Int]] = []
    for index in order {
      if let last = groups.last, slices[last[0]] == slices[index] {
        groups[groups.count - 1].append(index)
      } else {
        groups.append([index])
      }
    }
    return sorted ? groups : groups.sorted { $0[0] < $1[0] }
  }
}
