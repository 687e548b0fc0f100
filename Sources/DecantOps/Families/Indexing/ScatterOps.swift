internal import DecantIR

/// Elements placed by index.
enum ScatterOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "OneHot", schema: OpSchema(since: 9, reads: ["indices", "depth", "values"], attributes: [.init("axis", .int)]),
      infer: inferOneHot, evaluate: oneHot),
    OpDefinition(
      "ScatterElements",
      schema: OpSchema(
        since: 11, reads: ["data", "indices", "updates"],
        attributes: [.init("axis", .int), .init("reduction", .string)]),
      infer: infer, evaluate: scatterElements),
    OpDefinition(
      "ScatterND",
      schema: OpSchema(since: 11, reads: ["data", "indices", "updates"], attributes: [.init("reduction", .string)]),
      infer: infer, evaluate: scatterND),
  ]

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if let a = context.dataType(0), let b = context.dataType(2), a != b {
      throw OpError("expected updates of \(a), got \(b)")
    }
    return [context.type(0)]
  }

  @Sendable private static func scatterElements(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (data, indices, updates) = (try context.operand(0), try context.operand(1), try context.operand(2))
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: data.rank)
    guard updates.shape == indices.shape else {
      throw OpError("expected updates of \(indices.shape), got \(updates.shape)")
    }
    let places = try GatherOps.elementPlaces(in: data.shape, axis: axis, indices)
    return [try scatter(context, data, updates, places, chunk: 1)]
  }

  @Sendable private static func scatterND(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (data, indices, updates) = (try context.operand(0), try context.operand(1), try context.operand(2))
    let (places, chunk) = try GatherOps.tuplePlaces(context, in: data.shape, batch: 0, indices)
    let expected = Array(indices.shape.dropLast() + data.shape[indices.shape[indices.rank - 1]...])
    guard updates.shape == expected else { throw OpError("expected updates of \(expected), got \(updates.shape)") }
    return [try scatter(context, data, updates, places, chunk: chunk)]
  }

  private static func scatter(
    _ context: EvaluationContext, _ data: Tensor, _ updates: Tensor, _ places: [Int], chunk: Int
  ) throws(OpError) -> Tensor {
    switch try context.attributes.choice("reduction", of: ["none", "add", "mul", "max", "min"]) {
    case "add": return try context.scatter(data, updates, places, chunk: chunk, Addition())
    case "mul": return try context.scatter(data, updates, places, chunk: chunk, Multiplication())
    case "max": return try context.scatter(data, updates, places, chunk: chunk, Maximum())
    case "min": return try context.scatter(data, updates, places, chunk: chunk, Minimum())
    default: return try context.move([data, updates], shape: data.shape, ChunkScatter(places: places, chunk: chunk))
    }
  }

  // MARK: OneHot

  private static func axis(_ attributes: Attributes, rank: Int) throws(OpError) -> Int {
    try normalizeAxis(attributes.int("axis", default: -1), rank: rank + 1)
  }

  @Sendable private static func inferOneHot(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard var shape = context.shape(0) else { return [.tensor(TensorType(context.dataType(2), nil))] }
    let depth = context.symbols(1)?.elements.first ?? .unknown
    shape.dimensions.insert(depth, at: try axis(context.attributes, rank: shape.rank))
    return [.tensor(TensorType(context.dataType(2), shape))]
  }

  /// Indices beyond the depth, counted from either end, leave their line cold.
  @Sendable private static func oneHot(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (indices, values) = (try context.operand(0), try context.operand(2))
    let depths = try context.convert(try context.operand(1), Conversion(target: .int64)).integers ?? []
    guard depths.count == 1, depths[0] >= 0 else {
      throw OpError("'depth' expected one number of 0 or more, got \(depths)")
    }
    guard values.shape == [2] else { throw context.expected("the two values off and on", values) }
    let place = try axis(context.attributes, rank: indices.rank)
    var shape = indices.shape
    shape.insert(depths[0], at: place)
    try context.checkSize(values.dataType, shape: shape)
    let inner = indices.shape[place...].reduce(1, *)
    let hot = (try context.convert(indices, Conversion(target: .int64)).integers ?? []).map { index in
      let normal = index < 0 ? index + depths[0] : index
      return normal >= 0 && normal < depths[0] ? normal : -1
    }
    return [try context.move([values], shape: shape, OneHotPlacement(hot: hot, depth: depths[0], inner: inner))]
  }
}
