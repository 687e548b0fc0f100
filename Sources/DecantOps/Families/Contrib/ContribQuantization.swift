internal import DecantIR

/// `QuantizeLinear` and `DequantizeLinear` as files below opset 21 have them, for 16-bit and 4-bit codes.
enum ContribQuantization {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("DequantizeLinear"),
      schema: OpSchema(
        since: 1, reads: ["x", "x_scale", "x_zero_point?"], gives: ["y"], attributes: [.init("axis", .int)]),
      infer: Quantization.inferDequantize, evaluate: DequantizeKernel.evaluate),
    OpDefinition(
      .microsoft("QuantizeLinear"),
      schema: OpSchema(
        since: 1, reads: ["x", "y_scale", "y_zero_point?"], gives: ["y"], attributes: [.init("axis", .int)]),
      infer: Quantization.inferQuantize, evaluate: quantize),
  ]

  /// Halves are divided in f32.
  @Sendable private static func quantize(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var attributes = context.attributes
    attributes["precision"] = .int(Int64(DataType.float32.rawValue))
    return try QuantizeKernel.evaluate(context.with(context.operands, attributes: attributes))
  }
}
