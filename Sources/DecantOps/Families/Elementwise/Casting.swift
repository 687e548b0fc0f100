internal import DecantIR

/// Conversions between element types.
enum Casting {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "BitCast",
      schema: OpSchema(since: 26, reads: ["input"], attributes: [.init("to", .int, isRequired: true)]),
      infer: inferBitCast, evaluate: bitCast),
    OpDefinition(
      "Cast",
      schema: OpSchema(
        since: 1, reads: ["input"],
        attributes: [.init("round_mode", .string), .init("saturate", .int), .init("to", .int, isRequired: true)]),
      infer: inferCast, propagate: propagateCast, evaluate: cast),
    OpDefinition(
      "CastLike",
      schema: OpSchema(
        since: 15, reads: ["input", "target_type"], attributes: [.init("round_mode", .string), .init("saturate", .int)]),
      infer: inferCastLike, propagate: Infer.sameSymbols, evaluate: castLike),
  ]

  @Sendable private static func inferCast(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(TensorType(try context.dataType(attribute: "to"), context.shape(0)))]
  }

  @Sendable private static func inferCastLike(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(TensorType(context.dataType(1), context.shape(0)))]
  }

  /// Integers keep their meaning in every numeric type wide enough for an extent.
  @Sendable private static func propagateCast(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    switch try context.dataType(attribute: "to") {
    case .int32, .int64, .uint32, .uint64, .float32, .float64: [context.symbols(0)]
    default: [nil]
    }
  }

  @Sendable private static func inferBitCast(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let target = try context.dataType(attribute: "to")
    if let target, let source = context.dataType(0) { try check(source, target) }
    return [.tensor(TensorType(target, context.shape(0)))]
  }

  private static func check(_ source: DataType, _ target: DataType) throws(OpError) {
    guard source.bitWidth == target.bitWidth, source != .string, target != .string else {
      throw OpError("expected types of one width, got \(source) and \(target)")
    }
  }

  @Sendable private static func cast(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    guard let target = try context.attributes.dataType("to") else { throw OpError("attribute 'to' is missing") }
    return [try context.convert(try context.operand(0), try conversion(context, to: target))]
  }

  @Sendable private static func castLike(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.convert(try context.operand(0), try conversion(context, to: try context.operand(1).dataType))]
  }

  @Sendable private static func bitCast(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    guard let target = try context.attributes.dataType("to") else { throw OpError("attribute 'to' is missing") }
    let tensor = try context.operand(0)
    try check(tensor.dataType, target)
    return [tensor.reinterpreted(as: target)]
  }

  private static func conversion(_ context: EvaluationContext, to target: DataType) throws(OpError) -> Conversion {
    let rounding = try context.attributes.choice("round_mode", of: ["up", "down", "nearest"])
    return Conversion(
      target: target, saturate: context.attributes.int("saturate", default: 1) != 0,
      powerRounding: Conversion.PowerRounding(rawValue: rounding) ?? .up)
  }
}
