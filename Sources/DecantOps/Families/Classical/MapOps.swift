internal import DecantIR

/// Maps made of rows of scores, and laid out as rows.
enum MapOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      Classical.name("CastMap"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: [.init("cast_to", .string), .init("map_form", .string), .init("max_map", .int)]),
      infer: inferCast, evaluateValues: cast),
    OpDefinition(
      Classical.name("DictVectorizer"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: [.init("int64_vocabulary", .ints), .init("string_vocabulary", .strings)]),
      infer: inferVectorizer, evaluateValues: vectorize),
    OpDefinition(
      Classical.name("ZipMap"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Z"],
        attributes: [.init("classlabels_int64s", .ints), .init("classlabels_strings", .strings)]),
      infer: inferZip, evaluateValues: zip),
  ]

  /// A map's keys, and its values as one vector; nil where there are none.
  private static func map(_ context: ValueContext) throws(OpError) -> (keys: Tensor, values: Tensor?) {
    let value = try context.operand(0)
    guard case .map(let keys, let values) = value else {
      throw OpError("operand 0: expected a map, got \(value.kind)")
    }
    let tensors = try values.mapThrowing { (value) throws(OpError) in try value.asScalar() }
    guard let type = tensors.first?.dataType else { return (keys, nil) }
    guard tensors.allSatisfy({ $0.dataType == type }) else { throw OpError("operand 0: expected values of one type") }
    return (keys, try TensorStack.stack(tensors, axis: 0, type: .tensor(type, []), context.evaluation(of: [])))
  }

  // MARK: CastMap

  private static func target(_ attributes: Attributes) throws(OpError) -> DataType {
    switch try attributes.choice("cast_to", of: ["TO_FLOAT", "TO_STRING", "TO_INT64"]) {
    case "TO_STRING": .string
    case "TO_INT64": .int64
    default: .float32
    }
  }

  /// How many columns the attributes ask for; nil for as many as the map has elements.
  private static func width(_ attributes: Attributes) throws(OpError) -> Int? {
    guard try attributes.choice("map_form", of: ["DENSE", "SPARSE"]) == "SPARSE" else { return nil }
    let width = attributes.int("max_map", default: 1)
    guard width >= 0 else { throw OpError("'max_map' expected 0 or more, got \(width)") }
    return width
  }

  @Sendable private static func inferCast(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let width = try width(context.attributes).map { Dimension.fixed($0) }
    return [.tensor(try target(context.attributes), [1, width ?? .unknown])]
  }

  /// One row: the values by rising keys, or each in the column that its key names.
  @Sendable private static func cast(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let (keys, values) = try map(context)
    guard keys.dataType == .int64, let numbers = keys.integers else {
      throw OpError("operand 0: expected keys of int64, got \(keys.dataType)")
    }
    let evaluation = context.evaluation(of: [])
    let target = try target(context.attributes)
    let converted = try evaluation.convert(values ?? Tensor([] as [Float]), Conversion(target: target))
    guard let width = try width(context.attributes) else {
      let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
      return [.tensor(try row(converted, order.map { $0 }, evaluation))]
    }
    try evaluation.checkSize(converted.dataType, shape: [1, width])
    var places = [Int?](repeating: nil, count: width)
    for (index, key) in numbers.enumerated() {
      guard places.indices.contains(key) else { throw OpError("a key expected in 0..<\(width), got \(key)") }
      places[key] = index
    }
    return [.tensor(try row(converted, places, evaluation))]
  }

  /// A row of elements of `values`, 0 or no text where none is named.
  private static func row(
    _ values: Tensor, _ places: [Int?], _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    let empty = try context.filler(of: values.dataType)
    return try context.move([values, empty], shape: [1, places.count], Choice(places: places))
  }

  // MARK: DictVectorizer

  @Sendable private static func inferVectorizer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let vocabulary = try vocabulary(context.attributes)
    guard case .map(_, .tensor(let value)) = context.type(0) else {
      return [.tensor(TensorType(nil, [1, .fixed(vocabulary.count)]))]
    }
    return [.tensor(TensorType(value.dataType, [1, .fixed(vocabulary.count)]))]
  }

  private static func vocabulary(_ attributes: Attributes) throws(OpError) -> ClassLabels {
    try ClassLabels(attributes, integers: "int64_vocabulary", strings: "string_vocabulary")
  }

  /// One row: the value of each word of the vocabulary. As in ONNX Runtime keys that are no such words do not count.
  @Sendable private static func vectorize(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let vocabulary = try vocabulary(context.attributes)
    let (keys, values) = try map(context)
    guard let values else { throw OpError("operand 0: expected a map with elements, got one without") }
    let words = try vocabulary.tensor(Array(0..<vocabulary.count))
    let places = try LabelTable(keys).places(of: words)
    return [.tensor(try row(values, places, context.evaluation(of: [])))]
  }

  // MARK: ZipMap

  private static func labels(_ attributes: Attributes) throws(OpError) -> Tensor {
    let labels = try ClassLabels(attributes, integers: "classlabels_int64s", strings: "classlabels_strings")
    let keys = try labels.tensor(Array(0..<labels.count))
    guard try LabelTable(keys).places(of: keys) == Array(0..<labels.count) else {
      throw OpError("expected different labels in 'classlabels_int64s' or 'classlabels_strings'")
    }
    return keys
  }

  @Sendable private static func inferZip(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let keys = try labels(context.attributes)
    if let columns = context.shape(0)?.dimensions.last?.fixed, columns != keys.elementCount {
      throw OpError("operand 0: expected \(keys.elementCount) columns, got \(columns)")
    }
    _ = try Classical.rows(context)
    return [.sequence(.map(key: keys.dataType, value: .tensor(.float32, [])))]
  }

  /// For each row a map from the labels to its numbers.
  @Sendable private static func zip(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let keys = try labels(context.attributes)
    let scores = try context.tensor(0)
    guard scores.rank == 1 || scores.rank == 2, scores.shape.last == keys.elementCount,
      let numbers = scores.array(of: Float.self)
    else { throw OpError("operand 0: expected rows f32[N,\(keys.elementCount)], got \(scores.type)") }
    let width = keys.elementCount
    let rows = (0..<numbers.count / width).map { row in
      RuntimeValue.map(
        keys: keys, values: numbers[row * width..<(row + 1) * width].map { .tensor(Tensor(scalar: $0)) })
    }
    return [.sequence(rows)]
  }
}

extension RuntimeValue {
  /// The tensor of one element that it is, as a scalar.
  fileprivate func asScalar() throws(OpError) -> Tensor {
    guard let tensor, tensor.elementCount == 1 else {
      throw OpError("operand 0: expected a map to scalars, got \(kind) as a value")
    }
    return tensor.aligned.reshaped([])
  }
}
