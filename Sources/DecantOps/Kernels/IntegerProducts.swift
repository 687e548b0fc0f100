internal import DecantIR

/// The parameters of quantized operands: codes, scales and zero points.
enum QuantizedOperands {
  /// The codes of operand `index` minus its zero points, as `i32`.
  ///
  /// A vector of zero points runs along `axis`.
  static func centered(
    _ context: EvaluationContext, _ index: Int, zeroPoint: Int, axis: Int
  ) throws(OpError) -> Tensor {
    let tensor = try context.operand(index)
    guard tensor.dataType == .int8 || tensor.dataType == .uint8, var codes = tensor.integers else {
      throw OpError("operand \(index): expected i8 or u8, got \(tensor.dataType)")
    }
    let points = try zeroPoints(context, zeroPoint, of: tensor, axis: axis)
    if points.count == 1 {
      for place in codes.indices { codes[place] -= points[0] }
    } else {
      let inner = tensor.shape[(axis + 1)...].reduce(1, *)
      for place in codes.indices { codes[place] -= points[place / inner % points.count] }
    }
    return Tensor(codes.map { Int32($0) }, shape: tensor.shape)
  }

  /// One zero point, or one for each place along `axis`; 0 when the operand is left out.
  private static func zeroPoints(
    _ context: EvaluationContext, _ index: Int, of tensor: Tensor, axis: Int
  ) throws(OpError) -> [Int] {
    guard let points = try context.optionalOperand(index) else { return [0] }
    guard points.dataType == tensor.dataType, let values = points.integers else {
      throw OpError("operand \(index): expected \(tensor.dataType), got \(points.dataType)")
    }
    if values.count == 1 { return values }
    guard tensor.shape.indices.contains(axis), values.count == tensor.shape[axis], points.rank == 1 else {
      throw OpError("operand \(index): expected a scalar or a vector along axis \(axis), got shape \(points.shape)")
    }
    return values
  }

  /// A scale that is one number.
  static func scale(_ context: EvaluationContext, _ index: Int) throws(OpError) -> Float {
    let values = try context.numbers(index, as: Float.self)
    guard values.count == 1 else { throw OpError("operand \(index): expected one scale, got \(values.count)") }
    return values[0]
  }

  /// One scale, or `count` of them.
  static func scales(_ context: EvaluationContext, _ index: Int, count: Int) throws(OpError) -> [Float] {
    let values = try context.numbers(index, as: Float.self)
    guard values.count == 1 || values.count == count else {
      throw OpError("operand \(index): expected 1 or \(count) scales, got \(values.count)")
    }
    return values
  }

  /// Codes of the type of operand `zeroPoint` for sums, each scaled by the factor at its place: halves to even, saturated.
  static func requantize(
    _ sums: [Int32], shape: [Int], zeroPoint index: Int, _ context: EvaluationContext, factor: (Int) -> Float
  ) throws(OpError) -> Tensor {
    let point = try context.operand(index)
    guard let values = point.integers, values.count == 1 else {
      throw OpError("operand \(index): expected one zero point, got \(point.dataType)\(point.shape)")
    }
    let zero = Float(values[0])
    switch point.dataType {
    case .int8:
      return Tensor(sums.indices.map { Int8(code(Float(sums[$0]) * factor($0), zero, -128, 127)) }, shape: shape)
    case .uint8:
      return Tensor(sums.indices.map { UInt8(code(Float(sums[$0]) * factor($0), zero, 0, 255)) }, shape: shape)
    default: throw OpError("operand \(index): expected i8 or u8, got \(point.dataType)")
    }
  }

  private static func code(_ value: Float, _ zero: Float, _ lowest: Float, _ highest: Float) -> Float {
    let code = value.rounded(.toNearestOrEven) + zero
    return code > lowest ? min(code, highest) : lowest
  }
}

/// `ConvInteger` and `QLinearConv`.
enum IntegerConvolution {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try QuantizedOperands.centered(context, 0, zeroPoint: 2, axis: 1)
    let w = try QuantizedOperands.centered(context, 1, zeroPoint: 3, axis: 0)
    let shape = try ConvolutionShape(context.attributes, x: x.shape, w: w.shape)
    return [try Convolution.run(context, shape, x, w, nil, Int32.self, transposed: false)]
  }

  @Sendable static func evaluateQuantized(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try QuantizedOperands.centered(context, 0, zeroPoint: 2, axis: 1)
    let w = try QuantizedOperands.centered(context, 3, zeroPoint: 5, axis: 0)
    let shape = try ConvolutionShape(context.attributes, x: x.shape, w: w.shape)
    let channels = w.shape[0]
    let bias = try context.optionalOperand(8)
    if let bias, bias.dataType != .int32 || bias.shape != [channels] {
      throw OpError("operand 8: expected i32[\(channels)], got \(bias.dataType)\(bias.shape)")
    }
    let (xScale, yScale) = (try QuantizedOperands.scale(context, 1), try QuantizedOperands.scale(context, 6))
    let scales = try QuantizedOperands.scales(context, 4, count: channels)
    let sums = try Convolution.run(
      context, shape, x, w, bias?.array(of: Int32.self), Int32.self, transposed: false)
    let factors = scales.map { xScale * $0 / yScale }
    let plane = shape.result[2...].reduce(1, *)
    let result = try QuantizedOperands.requantize(
      sums.array(of: Int32.self) ?? [], shape: shape.result, zeroPoint: 7, context
    ) { factors[factors.count == 1 ? 0 : $0 / plane % channels] }
    return [result]
  }
}
