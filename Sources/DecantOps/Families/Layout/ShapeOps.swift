internal import DecantIR

/// Extents as data.
enum ShapeOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Shape",
      schema: OpSchema(
        since: 1, reads: ["data"], gives: ["shape"], attributes: [.init("end", .int), .init("start", .int)]),
      infer: inferShape, propagate: propagateShape, evaluate: shape),
    OpDefinition(
      "Size", schema: OpSchema(since: 1, reads: ["data"], gives: ["size"]), infer: inferSize,
      propagate: propagateSize, evaluate: size),
  ]

  /// The axes that `Shape` reports: both bounds count from the end when negative, and are cut to what there is.
  private static func range(_ attributes: Attributes, rank: Int) -> Range<Int> {
    func place(_ bound: Int) -> Int { min(max(bound < 0 ? bound + rank : bound, 0), rank) }
    let start = place(attributes.int("start", default: 0))
    return start..<max(start, place(attributes.int("end", default: rank)))
  }

  @Sendable private static func inferShape(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let count = context.shape(0).map { Dimension.fixed(range(context.attributes, rank: $0.rank).count) }
    return [.tensor(.int64, [count ?? .unknown])]
  }

  @Sendable private static func propagateShape(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [
      context.shape(0).map { shape in
        SymbolicTensor(elements: Array(shape.dimensions[range(context.attributes, rank: shape.rank)]))
      }
    ]
  }

  @Sendable private static func shape(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    guard let tensor = context.operands.first ?? nil else { throw OpError("operand 0 is missing") }
    return [Tensor(tensor.shape[range(context.attributes, rank: tensor.rank)].map { Int64($0) })]
  }

  @Sendable private static func inferSize(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.int64, [])]
  }

  @Sendable private static func propagateSize(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [context.shape(0).map { SymbolicTensor(elements: [$0.elementCount], isScalar: true) }]
  }

  @Sendable private static func size(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    guard let tensor = context.operands.first ?? nil else { throw OpError("operand 0 is missing") }
    return [Tensor(scalar: Int64(tensor.elementCount))]
  }
}
