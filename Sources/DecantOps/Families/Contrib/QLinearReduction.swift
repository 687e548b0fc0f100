internal import DecantIR

/// Operators from codes to codes that bring several elements together: pooling, means, softmax, convolution.
enum QLinearReduction {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("QLinearAveragePool"),
      schema: OpSchema(
        since: 1, reads: ["X", "x_scale", "x_zero_point?", "y_scale", "y_zero_point?"], gives: ["Y"],
        attributes: Pooling.window + [channelsLast, .init("count_include_pad", .int)]),
      infer: inferPool, evaluate: averagePool),
    OpDefinition(
      .microsoft("QLinearConv"),
      schema: OpSchema(
        since: 1,
        reads: [
          "x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point", "y_scale", "y_zero_point", "B?",
        ],
        gives: ["y"], attributes: Convolution.window + [channelsLast]),
      infer: inferConvolution, evaluate: convolve),
    OpDefinition(
      .microsoft("QLinearGlobalAveragePool"),
      schema: OpSchema(
        since: 1, reads: ["X", "x_scale", "x_zero_point", "y_scale", "y_zero_point"], gives: ["Y"],
        attributes: [channelsLast]),
      infer: inferGlobalPool, evaluate: globalAveragePool),
    OpDefinition(
      .microsoft("QLinearReduceMean"),
      schema: OpSchema(
        since: 1, reads: ["data", "data_scale", "data_zero_point?", "reduced_scale", "reduced_zero_point?"],
        gives: ["reduced"],
        attributes: [.init("axes", .ints, isRequired: true), .init("keepdims", .int, isRequired: true)]),
      infer: inferMean, evaluate: mean),
    OpDefinition(
      .microsoft("QLinearSoftmax"),
      schema: OpSchema(
        since: 1, reads: ["X", "X_scale", "x_zero_point?", "y_scale", "y_zero_point"], gives: ["Y"],
        attributes: [.init("axis", .int), .init("opset", .int, isRequired: true)]),
      infer: inferSoftmax, evaluate: softmax),
  ]

  private static let channelsLast = OpSchema.AttributeRule("channels_last", .int)

  /// The codes of operand 0 with their grid, and the grid of the result.
  private static func operands(
    _ context: EvaluationContext
  ) throws(OpError) -> (x: QuantizedTensor, result: ByteGrid) {
    let x = try QuantizedTensor(context, 0, scale: 1, zeroPoint: 2)
    return (x, try ByteGrid(context, scale: 3, zeroPoint: 4, x.grid.dataType))
  }

  // MARK: Channels

  private static func hasChannelsLast(_ attributes: Attributes) -> Bool {
    attributes.int("channels_last", default: 0) != 0
  }

  private static func inferImage(
    _ context: InferenceContext, _ infer: (InferenceContext) throws(OpError) -> [ValueType]
  ) throws(OpError) -> [ValueType] {
    hasChannelsLast(context.attributes) ? try ChannelOrder.inferLast(context, infer) : try infer(context)
  }

  private static func arrange(_ tensor: Tensor, _ context: EvaluationContext) throws(OpError) -> Tensor {
    hasChannelsLast(context.attributes) ? try ChannelOrder.first(tensor, context) : tensor
  }

  private static func restore(_ tensor: Tensor, _ context: EvaluationContext) throws(OpError) -> Tensor {
    hasChannelsLast(context.attributes) ? try ChannelOrder.last(tensor, context) : tensor
  }

  // MARK: Pooling

  private static func inferPool(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try inferImage(context, Pooling.inferWindow)
  }

  private static func inferGlobalPool(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try inferImage(context, Pooling.inferGlobal)
  }

  @Sendable private static func averagePool(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, target) = try operands(context)
    let means = try AveragePoolKernel.evaluate(context.with([try arrange(x.numbers, context)]))[0]
    // As in ONNX Runtime, the zero point is added before rounding.
    let codes = (means.array(of: Float.self) ?? []).map { target.nearest($0 / target.scale + Float(target.zero)) }
    return [try restore(target.tensor(codes, shape: means.shape), context)]
  }

  /// Sums of codes are exact, and scaled once.
  @Sendable private static func globalAveragePool(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, target) = try operands(context)
    let tensor = try arrange(Tensor(x.codes.map { Int64($0) }, shape: x.shape), context)
    guard tensor.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(tensor.shape)") }
    let plane = try product(of: tensor.shape[2...])
    guard plane > 0, let codes = tensor.integers else {
      throw OpError("operand 0: expected planes with elements, got \(tensor.shape)")
    }
    let factor = x.grid.scale / (target.scale * Float(plane))
    let means = stride(from: 0, to: codes.count, by: plane).map { start in
      let sum = codes[start..<start + plane].reduce(0) { $0 + $1 - x.grid.zero }
      return target.code(steps: Float(sum) * factor)
    }
    let shape = Array(tensor.shape[..<2]) + Array(repeating: 1, count: tensor.rank - 2)
    return [try restore(target.tensor(means, shape: shape), context)]
  }

  // MARK: Convolution

  private static func inferConvolution(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try inferImage(context, Convolution.inferQuantized)
  }

  @Sendable private static func convolve(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var operands = context.operands
    operands[0] = try arrange(try context.operand(0), context)
    return [try restore(try IntegerConvolution.evaluateQuantized(context.with(operands))[0], context)]
  }

  // MARK: Means

  private static func inferMean(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let axes = Tensor((context.attributes.ints("axes") ?? []).map { Int64($0) })
    return try Reduction.infer(
      InferenceContext(
        op: context.op, attributes: context.attributes, types: [context.type(0), axes.type], resultCount: 1,
        constants: [nil, axes]))
  }

  @Sendable private static func mean(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, target) = try operands(context)
    let axes = Tensor((context.attributes.ints("axes") ?? []).map { Int64($0) })
    return [target.codes(try ReduceMeanKernel.evaluateNumbers(context.with([x.numbers, axes]))[0])]
  }

  // MARK: Softmax

  private static func inferSoftmax(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if let rank = context.shape(0)?.rank { _ = try axis(context.attributes, rank: rank) }
    return [context.type(0)]
  }

  /// Whether the axis stands for itself, as from opset 13 on, or for all axes from it on.
  private static func isSingle(_ attributes: Attributes) -> Bool { attributes.int("opset", default: 13) >= 13 }

  private static func axis(_ attributes: Attributes, rank: Int) throws(OpError) -> Int {
    try normalizeAxis(attributes.int("axis", default: isSingle(attributes) ? -1 : 1), rank: rank)
  }

  @Sendable private static func softmax(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, target) = try operands(context)
    var (tensor, axis) = (x.numbers, try axis(context.attributes, rank: x.shape.count))
    if !isSingle(context.attributes) {
      tensor = tensor.reshaped([try product(of: x.shape[..<axis]), try product(of: x.shape[axis...])])
      axis = 1
    }
    return [target.codes(try context.mapLines(tensor, axis: axis, SoftmaxLine())).reshaped(x.shape)]
  }
}
