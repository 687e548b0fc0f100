internal import DecantIR

/// Features brought to comparable sizes.
enum RescalingOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      Classical.name("Binarizer"),
      schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"], attributes: [.init("threshold", .float)]),
      infer: Infer.sameType, evaluate: binarize),
    OpDefinition(
      Classical.name("Imputer"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: [
          .init("imputed_value_floats", .floats), .init("imputed_value_int64s", .ints),
          .init("replaced_value_float", .float), .init("replaced_value_int64", .int),
        ]),
      infer: Infer.sameType, evaluate: impute),
    OpDefinition(
      Classical.name("Normalizer"),
      schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"], attributes: [.init("norm", .string)]),
      infer: inferFloats, evaluate: normalize),
    OpDefinition(
      Classical.name("Scaler"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"], attributes: [.init("offset", .floats), .init("scale", .floats)]),
      infer: inferFloats, evaluate: scale),
  ]

  @Sendable private static func inferFloats(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.float32, context.shape(0))]
  }

  // MARK: Binarizer

  @Sendable private static func binarize(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let input = try context.operand(0)
    let threshold = Double(context.attributes.float("threshold", default: 0))
    let ones = try input.converted(to: Double.self, what: "operand 0").array(of: Double.self)?
      .map { Float($0 > threshold ? 1 : 0) }
    return [try context.convert(Tensor(ones ?? [], shape: input.shape), Conversion(target: input.dataType))]
  }

  // MARK: Imputer

  @Sendable private static func impute(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let input = try context.operand(0)
    let features = input.shape.last ?? 1
    switch try input.wideElements() {
    case .floats(let values): return [try impute(context, values, features, input)]
    case .doubles(let values): return [try impute(context, values, features, input)]
    case .signed(let values):
      let imputed = try given("imputed_value_int64s", context.attributes.ints("imputed_value_int64s"), features)
      let replaced = context.attributes.int("replaced_value_int64", default: 0)
      guard imputed.allSatisfy({ input.dataType == .int64 || Int32(exactly: $0) != nil }) else {
        throw OpError("'imputed_value_int64s' expected numbers that fit \(input.dataType), got \(imputed)")
      }
      let result = values.enumerated().map { index, value in
        value == replaced ? Int64(imputed[index % features % imputed.count]) : value
      }
      return [try context.convert(Tensor(result, shape: input.shape), Conversion(target: input.dataType))]
    default: throw context.expected("numbers", input)
    }
  }

  private static func impute<T: KernelFloat>(
    _ context: EvaluationContext, _ values: [T], _ features: Int, _ input: Tensor
  ) throws(OpError) -> Tensor {
    let imputed = try given("imputed_value_floats", context.attributes.floats("imputed_value_floats"), features)
    let replaced = context.attributes.float("replaced_value_float", default: 0)
    let result = values.enumerated().map { index, value in
      let isMissing = replaced.isNaN ? value.isNaN : value == T(replaced)
      return isMissing ? T(imputed[index % features % imputed.count]) : value
    }
    return try Tensor(result, shape: input.shape).rounded(to: input.dataType, from: T.self)
  }

  /// One value for all features, or one for each.
  private static func given<Value>(_ name: String, _ values: [Value]?, _ features: Int) throws(OpError) -> [Value] {
    guard let values, !values.isEmpty else { throw OpError("attribute '\(name)' is missing") }
    guard values.count == 1 || values.count == features else {
      throw OpError("'\(name)' expected 1 or \(features) numbers, got \(values.count)")
    }
    return values
  }

  // MARK: Normalizer

  /// Divides each row by its largest number, by the sum of its magnitudes, or by its length; a row for which that is zero
  /// stays as it is.
  @Sendable private static func normalize(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let rows = try FeatureRows<Float>(context)
    let norm = try context.attributes.choice("norm", of: ["MAX", "L1", "L2"])
    var result = rows.values
    for row in 0..<(rows.width > 0 ? rows.count : 0) {
      let values = rows[row]
      let divisor: Float =
        switch norm {
        case "L1": values.reduce(0) { $0 + $1.magnitude }
        case "L2": values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        default: values.max() ?? 0
        }
      guard divisor != 0 else { continue }
      for index in values.indices { result[index] = values[index] / divisor }
    }
    return [Tensor(result, shape: try context.operand(0).shape)]
  }

  // MARK: Scaler

  @Sendable private static func scale(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let input = try context.operand(0)
    let features = input.shape.last ?? 1
    try context.checkSize(.float64, shape: input.shape)
    let offset = try optional("offset", context.attributes, features) ?? [0]
    let scale = try optional("scale", context.attributes, features) ?? [1]
    let values = try context.numbers(0, as: Double.self)
    let result = values.enumerated().map { index, value in
      let feature = index % features
      return Float((value - Double(offset[feature % offset.count])) * Double(scale[feature % scale.count]))
    }
    return [Tensor(result, shape: input.shape)]
  }

  private static func optional(_ name: String, _ attributes: Attributes, _ features: Int) throws(OpError) -> [Float]? {
    guard let values = attributes.floats(name), !values.isEmpty else { return nil }
    return try given(name, values, features)
  }
}
