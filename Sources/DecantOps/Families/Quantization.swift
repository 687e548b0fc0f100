internal import DecantIR

/// Codes from floats, and floats from codes.
enum Quantization {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "DequantizeLinear",
      schema: OpSchema(
        since: 10, reads: ["x", "x_scale", "x_zero_point?"], gives: ["y"],
        attributes: [.init("axis", .int), .init("block_size", .int), .init("output_dtype", .int)]),
      infer: inferDequantize, evaluate: DequantizeKernel.evaluate),
    OpDefinition(
      "DynamicQuantizeLinear",
      schema: OpSchema(since: 11, reads: ["x"], gives: ["y", "y_scale", "y_zero_point"]),
      infer: inferDynamic, evaluate: DynamicQuantizeKernel.evaluate),
    OpDefinition(
      "QuantizeLinear",
      schema: OpSchema(
        since: 10, reads: ["x", "y_scale", "y_zero_point?"], gives: ["y"],
        attributes: [
          .init("axis", .int), .init("block_size", .int), .init("output_dtype", .int), .init("precision", .int),
          .init("saturate", .int),
        ]),
      infer: inferQuantize, evaluate: QuantizeKernel.evaluate),
  ]

  static func inferQuantize(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let given = try dataType(context.attributes, "output_dtype")
    return [.tensor(.init(given ?? (context.has(2) ? context.dataType(2) : .uint8), context.shape(0)))]
  }

  static func inferDequantize(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let given = try dataType(context.attributes, "output_dtype")
    return [.tensor(.init(given ?? context.dataType(1).map(dequantizedType), context.shape(0)))]
  }

  private static func inferDynamic(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(.uint8, context.shape(0))), .tensor(.float32, []), .tensor(.uint8, [])]
  }

  /// The element type that an attribute names by its number; nil when it is missing or 0.
  static func dataType(_ attributes: Attributes, _ name: String) throws(OpError) -> DataType? {
    guard let number = attributes.int(name), number != 0 else { return nil }
    guard let type = UInt8(exactly: number).flatMap(DataType.init(rawValue:)) else {
      throw OpError("'\(name)' expected the number of an element type, got \(number)")
    }
    return type
  }

  /// The type of numbers that scales of `type` give. Powers of two have no fractions, so that those give f32.
  static func dequantizedType(_ type: DataType) -> DataType { type == .float8E8M0 ? .float32 : type }
}
