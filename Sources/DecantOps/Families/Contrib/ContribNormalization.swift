internal import DecantIR

/// Layer normalization of sums, and of the embeddings of words.
enum ContribNormalization {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("EmbedLayerNormalization"),
      schema: OpSchema(
        since: 1,
        reads: [
          "input_ids", "segment_ids?", "word_embedding", "position_embedding", "segment_embedding?", "gamma", "beta",
          "mask?", "position_ids?",
        ],
        gives: ["output", "mask_index?", "embedding_sum?"],
        attributes: [Normalization.epsilon, .init("mask_index_type", .int)]),
      infer: inferEmbedding, evaluate: EmbeddingNormalizationKernel.evaluate),
    OpDefinition(
      .microsoft("QEmbedLayerNormalization"),
      schema: OpSchema(
        since: 1,
        reads: [
          "input_ids", "segment_ids?", "word_embedding_quant", "position_embedding_quant", "segment_embedding?",
          "gamma_quant", "beta_quant", "mask?", "word_embedding_scale", "position_embedding_scale",
          "segment_embedding_scale?", "gamma_scale", "beta_scale", "word_embedding_zero_point",
          "position_embedding_zero_point", "segment_embedding_zero_point?", "gamma_zero_point", "beta_zero_point",
        ],
        gives: ["layernorm_out", "mask_index_out"], attributes: [Normalization.epsilon]),
      infer: inferQuantizedEmbedding, evaluate: embedQuantized),
    OpDefinition(
      .microsoft("SkipLayerNormalization"),
      schema: OpSchema(
        since: 1, reads: ["input", "skip", "gamma", "beta?", "bias?"],
        gives: ["output", "mean?", "inv_std_var?", "input_skip_bias_sum?"], attributes: [Normalization.epsilon]),
      infer: inferSkip, evaluate: skip),
    OpDefinition(
      .microsoft("SkipSimplifiedLayerNormalization"),
      schema: OpSchema(
        since: 1, reads: ["input", "skip", "gamma", "bias?"],
        gives: ["output", "mean?", "inv_std_var?", "input_skip_bias_sum?"], attributes: [Normalization.epsilon]),
      infer: inferSkip, evaluate: skipSimplified),
  ]

  /// Along the last axis, with an epsilon that is smaller than the standard one unless it is given.
  static func attributes(_ attributes: Attributes) -> Attributes {
    ["axis": .int(-1), "epsilon": .float(attributes.float("epsilon", default: 1e-12))]
  }

  // MARK: Skip connections

  private static func inferSkip(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard var statistics = context.shape(0) else {
      return [context.type(0), .tensor(.float32, nil), .tensor(.float32, nil), context.type(0)]
    }
    guard statistics.rank >= 1 else { throw OpError("operand 0: expected rank 1 or more, got a scalar") }
    let width = statistics[statistics.rank - 1]
    for index in 2..<max(context.types.count, 2) { try context.check(index, is: [width]) }
    statistics[statistics.rank - 1] = 1
    return [context.type(0), .tensor(.float32, statistics), .tensor(.float32, statistics), context.type(0)]
  }

  @Sendable private static func skip(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let sum = try sum(context, bias: 4)
    guard let scale = try context.optionalWidened(2) else { throw OpError("operand 2 is missing") }
    let own = context.with(
      [sum, scale, try context.optionalWidened(3)], attributes: attributes(context.attributes), results: 3)
    let results = try LayerNormalizationKernel.evaluate(own)
    let type = Conversion(target: try context.operand(0).dataType)
    return [
      try context.convert(results[0], type), results[1], results[2], try context.convert(sum, type),
    ]
  }

  @Sendable private static func skipSimplified(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let sum = try sum(context, bias: 3)
    let own = context.with(
      [sum, try context.optionalWidened(2)], attributes: attributes(context.attributes), results: 2)
    let results = try RootMeanSquareKernel.evaluate(own)
    // There is no mean to take away.
    let mean = try context.make(Float.self, shape: results[1].shape) { _ in }
    let type = Conversion(target: try context.operand(0).dataType)
    return [try context.convert(results[0], type), mean, results[1], try context.convert(sum, type)]
  }

  /// `input + skip + bias`; the skip may lack the batch, or have one for all.
  private static func sum(_ context: EvaluationContext, bias index: Int) throws(OpError) -> Tensor {
    let (input, skip) = (try context.operand(0), try context.operand(1))
    guard input.rank >= 1, skip.shape.suffix(2) == input.shape.suffix(2),
      Broadcast.fits(skip.shape, into: input.shape)
    else { throw OpError("operand 1: expected a shape that broadcasts to \(input.shape), got \(skip.shape)") }
    for other in [2, 3, 4] {
      guard let tensor = try context.optionalOperand(other) else { continue }
      guard tensor.shape == input.shape.suffix(1) else {
        throw OpError("operand \(other): expected shape \(input.shape.suffix(1)), got \(tensor.shape)")
      }
    }
    let sum = try context.pairwise(try context.widened(input), try context.widened(skip), Addition())
    guard let bias = try context.optionalWidened(index) else { return sum }
    return try context.pairwise(sum, bias, Addition())
  }

  // MARK: Embeddings

  private static func inferEmbedding(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(2)
    guard let ids = context.shape(0) else {
      return [.tensor(.init(type, nil)), .tensor(.int32, [.unknown]), .tensor(.init(type, nil))]
    }
    guard ids.rank == 2 else { throw OpError("operand 0: expected ids [batch,sequence], got \(ids)") }
    let width = context.shape(2).map { $0.rank == 2 ? $0[1] : .unknown } ?? .unknown
    let result = ValueType.tensor(.init(type, [ids[0], ids[1], width]))
    return [result, .tensor(.int32, [ids[0]]), result]
  }

  private static func inferQuantizedEmbedding(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let results = try inferEmbedding(context)
    return [.tensor(.init(context.dataType(8), results[0].shape)), results[1]]
  }

  /// Tables of codes, each with its scale and zero point six operands and eleven operands behind it.
  @Sendable private static func embedQuantized(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var tables: [Int: Tensor] = [:]
    for index in 2...6 where try context.optionalOperand(index) != nil {
      tables[index] = try QuantizedTensor(context, index, scale: index + 6, zeroPoint: index + 11).numbers
    }
    let results = try EmbeddingNormalizationKernel.evaluate(
      context.with([
        try context.operand(0), try context.optionalOperand(1), tables[2], tables[3], tables[4], tables[5], tables[6],
        try context.optionalOperand(7),
      ]))
    let type = try context.operand(8).dataType
    return [try context.convert(results[0], Conversion(target: type)), results[1]]
  }
}
