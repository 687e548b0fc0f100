internal import DecantIR

/// Normalizations by statistics of batches, channels, groups and rows.
enum Normalization {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "BatchNormalization",
      schema: OpSchema(
        since: 1, reads: ["X", "scale", "B", "input_mean", "input_var"],
        gives: ["Y", "running_mean?", "running_var?"],
        attributes: [epsilon, .init("momentum", .float), .init("training_mode", .int)]),
      infer: inferBatch, evaluate: BatchNormalizationKernel.evaluate, quantization: .weighted(weightAxis: 0)),
    OpDefinition(
      "GroupNormalization",
      schema: OpSchema(
        since: 18, reads: ["X", "scale", "bias"], gives: ["Y"],
        attributes: [epsilon, .init("num_groups", .int, isRequired: true), stash]),
      infer: inferSame, evaluate: GroupNormalizationKernel.evaluate),
    OpDefinition(
      "InstanceNormalization",
      schema: OpSchema(since: 1, reads: ["input", "scale", "B"], attributes: [epsilon]),
      infer: inferSame, evaluate: InstanceNormalizationKernel.evaluate, quantization: .weighted(weightAxis: 0)),
    OpDefinition(
      "LayerNormalization",
      schema: OpSchema(
        since: 17, reads: ["X", "Scale", "B?"], gives: ["Y", "Mean?", "InvStdDev?"],
        attributes: [.init("axis", .int), epsilon, stash]),
      infer: inferLayer, evaluate: LayerNormalizationKernel.evaluate, quantization: .weighted(weightAxis: 0)),
    OpDefinition(
      "LpNormalization",
      schema: OpSchema(since: 1, reads: ["input"], attributes: [.init("axis", .int), .init("p", .int)]),
      infer: inferSame, evaluate: LpNormalizationKernel.evaluate),
    OpDefinition(
      "MeanVarianceNormalization",
      schema: OpSchema(since: 9, reads: ["X"], gives: ["Y"], attributes: [.init("axes", .ints)]),
      infer: inferSame, evaluate: MeanVarianceKernel.evaluate),
    OpDefinition(
      "RMSNormalization",
      schema: OpSchema(
        since: 23, reads: ["X", "scale"], gives: ["Y"], attributes: [.init("axis", .int), epsilon, stash]),
      infer: inferRootMeanSquare, evaluate: RootMeanSquareKernel.evaluate),
    // Not of the specification: ONNX Runtime's files have it in ONNX's domain.
    OpDefinition(
      "SimplifiedLayerNormalization",
      schema: OpSchema(
        since: 1, reads: ["X", "scale"], gives: ["Y", "inv_std_var?"],
        attributes: [.init("axis", .int), epsilon, stash]
      ),
      infer: inferSimplified, evaluate: RootMeanSquareKernel.evaluate),
  ]

  static let epsilon = OpSchema.AttributeRule("epsilon", .float)
  private static let stash = OpSchema.AttributeRule("stash_type", .int)

  private static func inferSame(_ context: InferenceContext) throws(OpError) -> [ValueType] { [context.type(0)] }

  private static func inferBatch(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [context.type(0), context.type(3), context.type(4)]
  }

  private static func inferRootMeanSquare(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(context.dataType(1) ?? context.dataType(0), context.shape(0)))]
  }

  private static func inferSimplified(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [try inferRootMeanSquare(context)[0], try inferLayer(context)[2]]
  }

  private static func inferLayer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let stash = try stashType(context.attributes)
    guard let x = context.shape(0) else { return [context.type(0), .tensor(stash, nil), .tensor(stash, nil)] }
    let axis = try context.normalize(axis: context.attributes.int("axis", default: -1), rank: x.rank)
    let statistics = Shape(x.dimensions[..<axis] + Array(repeating: .fixed(1), count: x.rank - axis))
    return [context.type(0), .tensor(stash, statistics), .tensor(stash, statistics)]
  }

  /// The type that statistics are given in.
  static func stashType(_ attributes: Attributes) throws(OpError) -> DataType {
    switch attributes.int("stash_type", default: 1) {
    case 1: return .float32
    case 16: return .bfloat16
    case let other: throw OpError("'stash_type' expected 1 or 16, got \(other)")
    }
  }
}
