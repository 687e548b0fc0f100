internal import DecantIR

/// Categories and labels exchanged for others.
enum EncoderOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      Classical.name("CategoryMapper"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: [
          .init("cats_int64s", .ints), .init("cats_strings", .strings), .init("default_int64", .int),
          .init("default_string", .string),
        ]),
      infer: inferMapper, evaluate: mapCategories),
    OpDefinition(
      Classical.name("LabelEncoder"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: [
          .init("default_float", .float), .init("default_int64", .int), .init("default_string", .string),
          .init("default_tensor", .tensor), .init("keys_floats", .floats), .init("keys_int64s", .ints),
          .init("keys_strings", .strings), .init("keys_tensor", .tensor), .init("values_floats", .floats),
          .init("values_int64s", .ints), .init("values_strings", .strings), .init("values_tensor", .tensor),
        ]),
      infer: inferEncoder, evaluate: encode),
    OpDefinition(
      Classical.name("OneHotEncoder"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: [.init("cats_int64s", .ints), .init("cats_strings", .strings), .init("zeros", .int)]),
      infer: inferOneHot, evaluate: oneHot),
  ]

  // MARK: LabelEncoder

  @Sendable private static func inferEncoder(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let (_, values) = try lists(context.attributes)
    return [.tensor(values.dataType, context.shape(0))]
  }

  @Sendable private static func encode(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (keys, values) = try lists(context.attributes)
    let fallback = try fallback(context.attributes, values.dataType)
    return [try LabelTable(keys).look(up: try context.operand(0), in: values, or: fallback, context)]
  }

  private static func lists(_ attributes: Attributes) throws(OpError) -> (keys: Tensor, values: Tensor) {
    let keys = try list("keys", attributes)
    let values = try list("values", attributes)
    guard keys.elementCount == values.elementCount else {
      throw OpError("expected as many keys as values, got \(keys.elementCount) and \(values.elementCount)")
    }
    return (keys, values)
  }

  /// The one list that stands under `name` and the name of a type.
  private static func list(_ name: String, _ attributes: Attributes) throws(OpError) -> Tensor {
    var found: [Tensor] = []
    if let values = attributes.floats("\(name)_floats"), !values.isEmpty { found.append(Tensor(values)) }
    if let values = attributes.ints("\(name)_int64s"), !values.isEmpty {
      found.append(Tensor(values.map { Int64($0) }))
    }
    if case .strings(let values)? = attributes["\(name)_strings"], !values.isEmpty {
      found.append(try Tensor(strings: values, shape: [values.count]))
    }
    if let tensor = attributes.tensor("\(name)_tensor") {
      if case .absent = tensor.storage { throw OpError("the data of '\(name)_tensor' is not here") }
      found.append(tensor.reshaped([tensor.elementCount]).aligned)
    }
    guard found.count == 1 else { throw OpError("expected one attribute '\(name)_...', got \(found.count)") }
    return found[0]
  }

  /// What stands for a key that is not known.
  private static func fallback(_ attributes: Attributes, _ type: DataType) throws(OpError) -> Tensor {
    if let tensor = attributes.tensor("default_tensor") {
      guard tensor.dataType == type, tensor.elementCount == 1, tensor.bytes != nil || tensor.strings != nil else {
        throw OpError("'default_tensor' expected one element of \(type), got \(tensor.type)")
      }
      return tensor.reshaped([1]).aligned
    }
    switch type {
    case .string:
      if case .string(let text)? = attributes["default_string"] { return try Tensor(strings: [text], shape: [1]) }
      return try Tensor(strings: ["_Unused"], shape: [1])
    case .int64: return Tensor([Int64(attributes.int("default_int64", default: -1))])
    case .int32: return Tensor([-1] as [Int32])
    case .int16: return Tensor([-1] as [Int16])
    case .float32: return Tensor([attributes.float("default_float", default: -0.0)])
    case .float64: return Tensor([-0.0])
    default: throw OpError("expected values of strings, floats or integers, got \(type)")
    }
  }

  // MARK: CategoryMapper

  private static func categories(_ attributes: Attributes) throws(OpError) -> (integers: Tensor, strings: Tensor) {
    let integers = attributes.ints("cats_int64s") ?? []
    var strings: [ByteString] = []
    if case .strings(let values)? = attributes["cats_strings"] { strings = values }
    guard integers.count == strings.count else {
      throw OpError("expected as many integers as strings, got \(integers.count) and \(strings.count)")
    }
    return (Tensor(integers.map { Int64($0) }), try Tensor(strings: strings, shape: [strings.count]))
  }

  @Sendable private static func inferMapper(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    _ = try categories(context.attributes)
    let type: DataType? =
      switch context.dataType(0) {
      case .string: .int64
      case .int64: .string
      case nil: nil
      case let type?: throw OpError("operand 0: expected strings or i64, got \(type)")
      }
    return [.tensor(TensorType(type, context.shape(0)))]
  }

  @Sendable private static func mapCategories(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (integers, strings) = try categories(context.attributes)
    let input = try context.operand(0)
    let isText = input.dataType == .string
    let (keys, values) = isText ? (strings, integers) : (integers, strings)
    return [
      try LabelTable(keys).look(up: input, in: values, or: try fallback(context.attributes, values.dataType), context)
    ]
  }

  // MARK: OneHotEncoder

  /// The categories; elements that are numbers of any type are looked up as integers.
  private static func table(_ attributes: Attributes) throws(OpError) -> (table: LabelTable, count: Int, isText: Bool) {
    let integers = attributes.ints("cats_int64s") ?? []
    var strings: [ByteString] = []
    if case .strings(let values)? = attributes["cats_strings"] { strings = values }
    guard integers.isEmpty != strings.isEmpty else {
      throw OpError("expected categories in one of 'cats_int64s' and 'cats_strings'")
    }
    let keys =
      integers.isEmpty ? try Tensor(strings: strings, shape: [strings.count]) : Tensor(integers.map(Int64.init))
    return (try LabelTable(keys), keys.elementCount, integers.isEmpty)
  }

  @Sendable private static func inferOneHot(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let count = try table(context.attributes).count
    return [.tensor(.float32, context.shape(0).map { Shape($0.dimensions + [.fixed(count)]) })]
  }

  @Sendable private static func oneHot(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (table, count, isText) = try table(context.attributes)
    var input = try context.operand(0)
    let shape = input.shape + [count]
    if !isText { input = try context.convert(input, Conversion(target: .int64)) }
    let places = try table.places(of: input)
    if context.attributes.int("zeros", default: 1) == 0, let unknown = places.firstIndex(where: { $0 == nil }) {
      throw OpError("element \(unknown) is none of the categories, and 'zeros' is 0")
    }
    return [
      try context.make(Float.self, shape: shape) { (target: inout MutableSpan<Float>) in
        for (index, place) in places.enumerated() {
          if let place { target[index * count + place] = 1 }
        }
      }
    ]
  }
}
