internal import DecantIR

/// What diffusion models are fused into: images with their channels last, normalized in groups, biased, gated.
enum ContribImage {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("BiasAdd"), schema: OpSchema(since: 1, reads: ["X", "bias", "skip"], gives: ["Y"]),
      infer: Infer.sameType, evaluate: addBias),
    OpDefinition(
      .microsoft("BiasSplitGelu"), schema: OpSchema(since: 1, reads: ["X", "bias"], gives: ["Y"]), infer: inferHalf,
      evaluate: gate),
    OpDefinition(
      .microsoft("CropAndResize"),
      schema: OpSchema(
        since: 1, reads: ["X", "rois", "batch_indices", "crop_size"], gives: ["Y"],
        attributes: [.init("extrapolation_value", .float), .init("mode", .string)]),
      infer: CropKernel.infer, evaluate: CropKernel.evaluate),
    OpDefinition(
      .microsoft("GroupNorm"),
      schema: OpSchema(since: 1, reads: ["X", "gamma", "beta"], gives: ["Y"], attributes: normalization),
      infer: inferNormalized, evaluate: normalize),
    OpDefinition(
      .microsoft("NhwcConv"),
      schema: OpSchema(since: 1, reads: ["X", "W", "B?"], gives: ["Y"], attributes: Convolution.window),
      infer: inferConvolution, evaluate: convolve),
    OpDefinition(
      .microsoft("NhwcFusedConv"),
      schema: OpSchema(
        since: 1, reads: ["X", "W", "B?", "Z?"], gives: ["Y"],
        attributes: Convolution.window + [.init("activation", .string), .init("activation_params", .floats)]),
      infer: inferConvolution, evaluate: convolve),
    OpDefinition(
      .microsoft("SkipGroupNorm"),
      schema: OpSchema(
        since: 1, reads: ["X", "gamma", "beta", "skip", "bias?"], gives: ["Y", "S?"], attributes: normalization),
      infer: inferNormalized, evaluate: normalizeSum),
  ]

  private static let normalization: [OpSchema.AttributeRule] = [
    .init("activation", .int, isRequired: true), .init("channels_last", .int), Normalization.epsilon,
    .init("groups", .int, isRequired: true),
  ]

  // MARK: Biases

  @Sendable private static func addBias(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, skip) = (try context.operand(0), try context.operand(2))
    guard skip.shape == x.shape else { throw OpError("operand 2: expected shape \(x.shape), got \(skip.shape)") }
    let sum = try context.pairwise(try biased(context), try context.widened(skip), Addition())
    return [try context.convert(sum, Conversion(target: x.dataType))]
  }

  private static func inferHalf(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard var shape = context.shape(0), shape.rank >= 1 else { return [.tensor(.init(context.dataType(0), nil))] }
    shape[shape.rank - 1] = shape[shape.rank - 1] / 2
    return [.tensor(.init(context.dataType(0), shape))]
  }

  /// The first half of the last axis, times the activation of the second.
  @Sendable private static func gate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard let width = x.shape.last, width % 2 == 0 else {
      throw OpError("operand 0: expected an even last extent, got \(x.shape)")
    }
    let (parts, sum) = (AttentionParts(context), try biased(context))
    let left = try parts.slice(sum, axis: x.rank - 1, from: 0, count: width / 2)
    let right = try parts.slice(sum, axis: x.rank - 1, from: width / 2, count: width / 2)
    let result = try context.pairwise(left, try context.map(right, GaussianErrorLinear()), Multiplication())
    return [try context.convert(result, Conversion(target: x.dataType))]
  }

  /// Operand 0 plus the bias along its last axis, wide.
  private static func biased(_ context: EvaluationContext) throws(OpError) -> Tensor {
    let (x, bias) = (try context.operand(0), try context.operand(1))
    guard x.rank >= 1, bias.shape == x.shape.suffix(1) else {
      throw OpError("operand 1: expected shape \(x.shape.suffix(1)), got \(bias.shape)")
    }
    return try context.pairwise(try context.widened(x), try context.widened(bias), Addition())
  }

  // MARK: Normalization

  private static func inferNormalized(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [context.type(0), context.type(0)]
  }

  private static func hasChannelsLast(_ attributes: Attributes) -> Bool {
    attributes.int("channels_last", default: 1) != 0
  }

  @Sendable private static func normalize(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    return [try normalized(try context.widened(x), as: x.dataType, context)]
  }

  @Sendable private static func normalizeSum(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, skip) = (try context.operand(0), try context.operand(3))
    guard x.rank >= 3 else { throw OpError("operand 0: expected rank 3 or more, got \(x.shape)") }
    let isLast = hasChannelsLast(context.attributes)
    let ones = Array(repeating: 1, count: x.rank - 2)
    /// A vector of channels, for each image or for all, with room for the plane.
    func spread(_ tensor: Tensor, images: Int) -> Tensor {
      tensor.reshaped(isLast ? [images] + ones + tensor.shape.suffix(1) : [images] + tensor.shape.suffix(1) + ones)
    }
    let other = skip.rank == 2 ? spread(skip, images: skip.shape[0]) : skip
    guard Broadcast.fits(other.shape, into: x.shape) else {
      throw OpError("operand 3: expected a shape that broadcasts to \(x.shape), got \(skip.shape)")
    }
    var sum = try context.pairwise(try context.widened(x), try context.widened(other), Addition())
    if let bias = try context.optionalWidened(4) {
      guard bias.shape == [x.shape[isLast ? x.rank - 1 : 1]] else {
        throw OpError("operand 4: expected one number for each channel of \(x.shape), got \(bias.shape)")
      }
      sum = try context.pairwise(sum, spread(bias, images: 1), Addition())
    }
    return [
      try normalized(sum, as: x.dataType, context), try context.convert(sum, Conversion(target: x.dataType)),
    ]
  }

  private static func normalized(
    _ x: Tensor, as type: DataType, _ context: EvaluationContext
  ) throws(OpError) -> Tensor {
    let activation = context.attributes.int("activation", default: 0)
    guard activation == 0 || activation == 1 else { throw OpError("'activation' expected 0 or 1, got \(activation)") }
    let isLast = hasChannelsLast(context.attributes)
    let attributes: Attributes = [
      "epsilon": .float(context.attributes.float("epsilon", default: 1e-5)),
      "num_groups": .int(Int64(context.attributes.int("groups", default: 0))),
    ]
    var result = try GroupNormalizationKernel.evaluate(
      context.with(
        [isLast ? try ChannelOrder.first(x, context) : x, try context.operand(1), try context.operand(2)],
        attributes: attributes))[0]
    if isLast { result = try ChannelOrder.last(result, context) }
    if activation == 1 { result = try context.map(result, SwishFunction(alpha: 1)) }
    return try context.convert(result, Conversion(target: type))
  }

  // MARK: Convolution

  private static func inferConvolution(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try ChannelOrder.inferLast(context, Convolution.inferFloat)
  }

  @Sendable private static func convolve(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var operands = context.operands
    operands[0] = try ChannelOrder.first(try context.operand(0), context)
    if let addend = try context.optionalOperand(3) { operands[3] = try ChannelOrder.first(addend, context) }
    return [try ChannelOrder.last(try ContribFused.convolve(context.with(operands))[0], context)]
  }
}
