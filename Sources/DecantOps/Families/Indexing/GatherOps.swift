internal import DecantIR

/// Elements picked by index.
enum GatherOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Compress", schema: OpSchema(since: 9, reads: ["input", "condition"], attributes: [.init("axis", .int)]),
      infer: inferCompress, evaluate: compress),
    OpDefinition(
      "Gather", schema: OpSchema(since: 1, reads: ["data", "indices"], attributes: [.init("axis", .int)]),
      infer: inferGather, propagate: propagateGather, evaluate: gather, quantization: .passThrough),
    OpDefinition(
      "GatherElements", schema: OpSchema(since: 11, reads: ["data", "indices"], attributes: [.init("axis", .int)]),
      infer: inferGatherElements, evaluate: gatherElements, quantization: .passThrough),
    OpDefinition(
      "GatherND", schema: OpSchema(since: 11, reads: ["data", "indices"], attributes: [.init("batch_dims", .int)]),
      infer: inferGatherND, evaluate: gatherND),
  ]

  /// Indices counted from the front of an axis.
  static func normalize(_ indices: [Int], extent: Int) throws(OpError) -> [Int] {
    var result = indices
    for (place, index) in indices.enumerated() {
      let normal = index < 0 ? index + extent : index
      guard normal >= 0, normal < extent else {
        throw OpError("an index expected in \(-extent)..<\(extent), got \(index)")
      }
      result[place] = normal
    }
    return result
  }

  // MARK: Gather

  @Sendable static func inferGather(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let data = context.shape(0), let indices = context.shape(1) else { return [.tensor(TensorType(type, nil))] }
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: data.rank)
    let shape = data.dimensions[..<axis] + indices.dimensions + data.dimensions[(axis + 1)...]
    return [.tensor(TensorType(type, Shape(Array(shape))))]
  }

  @Sendable private static func propagateGather(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    guard let data = context.symbols(0), !data.isScalar, let tensor = context.constant(1), tensor.rank <= 1,
      let indices = tensor.integers
    else { return [nil] }
    let places = try normalize(indices, extent: data.elements.count)
    return [SymbolicTensor(elements: places.map { data.elements[$0] }, isScalar: tensor.rank == 0)]
  }

  @Sendable static func gather(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (data, indices) = (try context.operand(0), try context.operand(1))
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: data.rank)
    let shape = data.shape[..<axis] + indices.shape + data.shape[(axis + 1)...]
    try context.checkSize(data.dataType, shape: Array(shape))
    let rows = try normalize(try context.integers(1), extent: data.shape[axis])
    return [try take(context, data, axis: axis, rows, shape: Array(shape))]
  }

  /// The slices `rows` of `data` along `axis`.
  static func take(
    _ context: EvaluationContext, _ data: Tensor, axis: Int, _ rows: [Int], shape: [Int]
  ) throws(OpError) -> Tensor {
    let chunk = data.shape[(axis + 1)...].reduce(1, *)
    let outer = data.shape[..<axis].reduce(1, *)
    guard outer * chunk > 0 else { return try context.move([data], shape: shape, ChunkGather(places: [], chunk: 0)) }
    var places: [Int] = []
    places.reserveCapacity(outer * rows.count)
    for block in 0..<outer {
      for row in rows { places.append((block * data.shape[axis] + row) * chunk) }
    }
    return try context.move([data], shape: shape, ChunkGather(places: places, chunk: chunk))
  }

  // MARK: GatherElements

  @Sendable private static func inferGatherElements(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if let rank = context.shape(0)?.rank {
      _ = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: rank)
      if let other = context.shape(1)?.rank, other != rank {
        throw OpError("expected indices of \(rank) axes, got \(other)")
      }
    }
    return [.tensor(TensorType(context.dataType(0), context.shape(1)))]
  }

  @Sendable private static func gatherElements(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (data, indices) = (try context.operand(0), try context.operand(1))
    let axis = try context.normalize(axis: context.attributes.int("axis", default: 0), rank: data.rank)
    let places = try elementPlaces(in: data.shape, axis: axis, indices)
    return [try context.move([data], shape: indices.shape, ChunkGather(places: places, chunk: 1))]
  }

  /// Where each element of `indices` leads in a tensor of `shape`: to its own place, but along `axis` to the index.
  static func elementPlaces(in shape: [Int], axis: Int, _ indices: Tensor) throws(OpError) -> [Int] {
    guard indices.rank == shape.count, let values = indices.integers else {
      throw OpError("expected integer indices of \(shape.count) axes, got \(indices.type)")
    }
    for (place, extent) in indices.shape.enumerated() where place != axis && extent > shape[place] {
      throw OpError("expected indices within \(shape), got \(indices.shape)")
    }
    let rows = try normalize(values, extent: shape[axis])
    var strides = BroadcastPlan.strides(of: shape)
    let step = strides[axis]
    strides[axis] = 0
    var places: [Int] = []
    places.reserveCapacity(rows.count)
    let plan = BroadcastPlan(shape: indices.shape, strides: [strides])
    plan.forEachRun { start, base in
      for index in 0..<plan.run { places.append(base[0] + index * plan.runStrides[0] + rows[start + index] * step) }
    }
    return places
  }

  // MARK: GatherND

  private static func batchAxes(_ attributes: Attributes, data: Int, indices: Int) throws(OpError) -> Int {
    let count = attributes.int("batch_dims", default: 0)
    guard count >= 0, count < indices, count < data else {
      throw OpError("'batch_dims' expected in 0..<\(min(data, indices)), got \(count)")
    }
    return count
  }

  @Sendable static func inferGatherND(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    guard let data = context.shape(0), let indices = context.shape(1), let width = indices.dimensions.last?.fixed else {
      return [.tensor(TensorType(type, nil))]
    }
    let batch = try batchAxes(context.attributes, data: data.rank, indices: indices.rank)
    guard width >= 0, width <= data.rank - batch else {
      throw OpError("expected indices of at most \(data.rank - batch) axes, got \(width)")
    }
    let shape = indices.dimensions.dropLast() + data.dimensions[(batch + width)...]
    return [.tensor(TensorType(type, Shape(Array(shape))))]
  }

  @Sendable static func gatherND(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (data, indices) = (try context.operand(0), try context.operand(1))
    let batch = try batchAxes(context.attributes, data: data.rank, indices: indices.rank)
    let (places, chunk) = try tuplePlaces(context, in: data.shape, batch: batch, indices)
    let shape = Array(indices.shape.dropLast() + data.shape[(batch + indices.shape[indices.rank - 1])...])
    return [try context.move([data], shape: shape, ChunkGather(places: chunk > 0 ? places : [], chunk: chunk))]
  }

  /// Where the tuples along the last axis of `indices` lead in a tensor of `shape`, and how many elements stand there. The
  /// first `batch` axes are common to both.
  static func tuplePlaces(
    _ context: EvaluationContext, in shape: [Int], batch: Int, _ indices: Tensor
  ) throws(OpError) -> (places: [Int], chunk: Int) {
    guard let width = indices.shape.last, width <= shape.count - batch, let values = indices.integers,
      indices.shape[..<batch] == shape[..<batch]
    else { throw OpError("expected integer tuples that lead into \(shape), got \(indices.type)") }
    let strides = BroadcastPlan.strides(of: shape)
    let chunk = shape[(batch + width)...].reduce(1, *)
    let tuples = indices.shape.dropLast().reduce(1, *)
    guard chunk > 0 else { return ([], 0) }
    // Tuples of no elements take no room, so that there may be any number of them.
    try context.checkSize(.int64, shape: [tuples])
    let perBatch = indices.shape[batch..<indices.rank - 1].reduce(1, *)
    let batchSize = shape[batch...].reduce(1, *)
    var places: [Int] = []
    places.reserveCapacity(tuples)
    for tuple in 0..<tuples {
      var place = perBatch > 0 ? tuple / perBatch * batchSize : 0
      for axis in 0..<width {
        let (index, extent) = (values[tuple * width + axis], shape[batch + axis])
        let normal = index < 0 ? index + extent : index
        guard normal >= 0, normal < extent else {
          throw OpError("an index expected in \(-extent)..<\(extent), got \(index)")
        }
        place += normal * strides[batch + axis]
      }
      places.append(place)
    }
    return (places, chunk)
  }

  // MARK: Compress

  @Sendable private static func inferCompress(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let axis = context.attributes.int("axis") else {
      return [.tensor(TensorType(context.dataType(0), [.unknown]))]
    }
    guard var shape = context.shape(0) else { return [.tensor(TensorType(context.dataType(0), nil))] }
    shape[try context.normalize(axis: axis, rank: shape.rank)] = .unknown
    return [.tensor(TensorType(context.dataType(0), shape))]
  }

  @Sendable private static func compress(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var data = try context.operand(0)
    let condition = try context.operand(1)
    guard condition.rank == 1, let truths = condition.array(of: Boolean.self) else {
      throw context.expected("a condition of bools along one axis", condition)
    }
    var axis = 0
    if let given = context.attributes.int("axis") {
      axis = try context.normalize(axis: given, rank: data.rank)
    } else {
      data = data.reshaped([data.elementCount])
    }
    let rows = truths.indices.filter { truths[$0].value }
    if let last = rows.last, last >= data.shape[axis] {
      throw OpError("expected a condition for \(data.shape[axis]) elements, got \(truths.count)")
    }
    var shape = data.shape
    shape[axis] = rows.count
    return [try take(context, data, axis: axis, rows, shape: shape)]
  }
}
