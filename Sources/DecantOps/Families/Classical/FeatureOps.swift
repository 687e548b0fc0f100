internal import DecantIR

/// Features picked and joined.
enum FeatureOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      Classical.name("ArrayFeatureExtractor"), schema: OpSchema(since: 1, reads: ["X", "Y"], gives: ["Z"]),
      infer: inferExtractor, evaluate: extract),
    OpDefinition(
      Classical.name("FeatureVectorizer"),
      schema: OpSchema(since: 1, reads: ["X*"], gives: ["Y"], attributes: [.init("inputdimensions", .ints)]),
      infer: inferVectorizer, evaluate: vectorize),
  ]

  // MARK: ArrayFeatureExtractor

  /// A vector counts as one row.
  @Sendable private static func inferExtractor(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let shape = context.shape(0) else { return [.tensor(TensorType(type, nil))] }
    guard shape.rank > 0 else { throw OpError("operand 0: expected rank 1 or more, got a scalar") }
    let count = context.shape(1)?.elementCount ?? .unknown
    let outer = shape.rank == 1 ? [.fixed(1)] : Array(shape.dimensions.dropLast())
    return [.tensor(TensorType(type, Shape(outer + [count])))]
  }

  @Sendable private static func extract(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let input = try context.operand(0)
    guard let extent = input.shape.last else { throw OpError("operand 0: expected rank 1 or more, got a scalar") }
    let indices = try context.integers(1)
    for index in indices where index < 0 || index >= extent {
      throw OpError("an index expected in 0..<\(extent), got \(index)")
    }
    let outer = input.rank == 1 ? [1] : Array(input.shape.dropLast())
    let shape = outer + [indices.count]
    try context.checkSize(input.dataType, shape: shape)
    let rows = try product(of: outer)
    let places = (0..<(indices.isEmpty ? 0 : rows)).flatMap { row in indices.map { row * extent + $0 } }
    return [try context.move([input], shape: shape, ChunkGather(places: places, chunk: 1))]
  }

  // MARK: FeatureVectorizer

  /// How many columns of the result each operand takes; nil where it is not known.
  private static func widths(_ attributes: Attributes, _ own: [Int?]) throws(OpError) -> [Int?] {
    guard let widths = attributes.ints("inputdimensions") else { return own }
    guard widths.count == own.count, widths.allSatisfy({ $0 >= 0 }) else {
      throw OpError("'inputdimensions' expected \(own.count) numbers that are not negative, got \(widths)")
    }
    return widths
  }

  @Sendable private static func inferVectorizer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    var rows = Dimension.unknown
    var own: [Int?] = []
    for index in context.types.indices {
      guard let shape = context.shape(index) else {
        own.append(nil)
        continue
      }
      guard shape.rank == 1 || shape.rank == 2 else {
        throw OpError("operand \(index): expected rank 1 or 2, got \(shape)")
      }
      own.append(shape.dimensions.last?.fixed)
      if rows == .unknown { rows = shape.rank == 1 ? .fixed(1) : shape[0] }
    }
    var total = Dimension.fixed(0)
    for width in try widths(context.attributes, own) { total = total + (width.map { .fixed($0) } ?? .unknown) }
    return [.tensor(.float32, [rows, total])]
  }

  /// Joins rows; an operand that is wider than its share is cut, and one that is narrower is followed by zeros.
  @Sendable private static func vectorize(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var parts: [(values: [Float], width: Int)] = []
    var rows: Int?
    for index in context.operands.indices {
      let tensor = try context.operand(index)
      guard tensor.rank == 1 || tensor.rank == 2 else {
        throw OpError("operand \(index): expected rank 1 or 2, got \(tensor.shape)")
      }
      let count = tensor.rank == 1 ? 1 : tensor.shape[0]
      guard rows ?? count == count else {
        throw OpError("operand \(index): expected \(rows ?? count) rows, got \(count)")
      }
      rows = count
      parts.append((try context.numbers(index, as: Float.self), tensor.shape.last ?? 0))
    }
    let widths = try widths(context.attributes, parts.map(\.width)).map { $0 ?? 0 }
    var total = 0
    for width in widths { total = try sum(total, width) }
    let shape = [rows ?? 0, total]
    return [
      try context.make(Float.self, shape: shape) { (target: inout MutableSpan<Float>) in
        var start = 0
        for (part, width) in zip(parts, widths) {
          let copied = min(width, part.width)
          for row in 0..<(copied > 0 ? shape[0] : 0) {
            for column in 0..<copied {
              target[row * total + start + column] = part.values[row * part.width + column]
            }
          }
          start += width
        }
      }
    ]
  }
}
