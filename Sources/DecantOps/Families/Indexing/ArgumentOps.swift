internal import DecantIR

/// Places of the largest and smallest elements, and of those that are not zero.
enum ArgumentOps {
  static let definitions: [OpDefinition] = [
    OpDefinition("ArgMax", schema: form, infer: inferArgument, evaluate: argMax, quantization: .arithmetic),
    OpDefinition("ArgMin", schema: form, infer: inferArgument, evaluate: argMin),
    OpDefinition(
      "NonZero", schema: OpSchema(since: 9, reads: ["X"], gives: ["Y"]), infer: inferNonZero, evaluate: nonZero),
  ]

  private static let form = OpSchema(
    since: 1, reads: ["data"], gives: ["reduced"],
    attributes: [.init("axis", .int), .init("keepdims", .int), .init("select_last_index", .int)])

  @Sendable private static func inferArgument(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard var shape = context.shape(0) else { return [.tensor(.int64, nil)] }
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: shape.rank)
    shape[axis] = 1
    if context.attributes.int("keepdims", default: 1) == 0 { shape.dimensions.remove(at: axis) }
    return [.tensor(.int64, shape)]
  }

  @Sendable private static func argMax(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try search(context, largest: true)]
  }

  @Sendable private static func argMin(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try search(context, largest: false)]
  }

  private static func search(_ context: EvaluationContext, largest: Bool) throws(OpError) -> Tensor {
    let tensor = try context.operand(0)
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: tensor.rank)
    var shape = tensor.shape
    let length = shape[axis]
    shape[axis] = 1
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    guard length > 0 || tensor.shape.enumerated().contains(where: { $0 != axis && $1 == 0 }) else {
      throw OpError("an axis without elements has no largest or smallest one, got \(tensor.shape)")
    }
    let last = context.attributes.int("select_last_index", default: 0) != 0
    let places: [Int64] =
      switch try tensor.wideElements() {
      case .floats(let values): best(values, length, inner, largest, last)
      case .doubles(let values): best(values, length, inner, largest, last)
      case .signed(let values): best(values, length, inner, largest, last)
      case .unsigned(let values): best(values, length, inner, largest, last)
      case .strings: throw context.expected("numbers", tensor)
      }
    if context.attributes.int("keepdims", default: 1) == 0 { shape.remove(at: axis) }
    return Tensor(places, shape: shape)
  }

  /// The place of the best element of each line: the first, or the last of equals.
  private static func best<T: Comparable>(
    _ values: [T], _ length: Int, _ inner: Int, _ largest: Bool, _ last: Bool
  ) -> [Int64] {
    guard !values.isEmpty else { return [] }
    var result: [Int64] = []
    for block in stride(from: 0, to: values.count, by: length * inner) {
      for start in block..<block + inner {
        var (place, top) = (0, values[start])
        for index in 1..<max(length, 1) {
          let value = values[start + index * inner]
          if (largest ? value > top : value < top) || (last && value == top) { (place, top) = (index, value) }
        }
        result.append(Int64(place))
      }
    }
    return result
  }

  // MARK: NonZero

  @Sendable private static func inferNonZero(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.int64, [context.shape(0).map { .fixed(max($0.rank, 0)) } ?? .unknown, .unknown])]
  }

  @Sendable private static func nonZero(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    let parts = tensor.complexParts
    let truths: [Boolean] =
      if let strings = tensor.strings { strings.map { Boolean(!$0.bytes.isEmpty) } } else {
        try (parts ?? tensor).wideElements().truths()
      }
    let places = (0..<tensor.elementCount).filter {
      parts == nil ? truths[$0].value : truths[2 * $0].value || truths[2 * $0 + 1].value
    }
    let strides = BroadcastPlan.strides(of: tensor.shape)
    var coordinates: [Int64] = []
    for axis in 0..<tensor.rank {
      for place in places { coordinates.append(Int64(place / strides[axis] % tensor.shape[axis])) }
    }
    return [Tensor(coordinates, shape: [tensor.rank, places.count])]
  }
}
