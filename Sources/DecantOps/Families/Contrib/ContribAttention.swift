internal import DecantIR

/// Attention that projects its input itself, from floats and from codes.
enum ContribAttention {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("Attention"),
      schema: OpSchema(
        since: 1,
        reads: [
          "input", "weights", "bias?", "mask_index?", "past?", "attention_bias?", "past_sequence_length?",
        ],
        gives: ["output", "present?"],
        attributes: attributes + [.init("qkv_hidden_sizes", .ints), .init("rotary_embedding_dim", .int)]),
      infer: inferAttention, evaluate: attention),
    OpDefinition(
      .microsoft("QAttention"),
      schema: OpSchema(
        since: 1,
        reads: [
          "input", "weight", "bias", "input_scale", "weight_scale", "mask_index?", "input_zero_point?",
          "weight_zero_point?", "past?",
        ],
        gives: ["output", "present?"], attributes: attributes),
      infer: inferQuantized, evaluate: quantizedAttention),
  ]

  private static let attributes: [OpSchema.AttributeRule] = [
    .init("do_rotary", .int), .init("mask_filter_value", .float), .init("num_heads", .int, isRequired: true),
    .init("past_present_share_buffer", .int), .init("scale", .float), .init("unidirectional", .int),
  ]

  // MARK: Inference

  private static func inferAttention(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try infer(context, type: context.dataType(0), past: 4)
  }

  private static func inferQuantized(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    try infer(context, type: context.dataType(3), past: 8)
  }

  private static func infer(_ context: InferenceContext, type: DataType?, past: Int) throws(OpError) -> [ValueType] {
    guard let x = context.shape(0), let weights = context.shape(1) else {
      return [.tensor(.init(type, nil)), .tensor(.init(type, nil))]
    }
    guard x.rank == 3, weights.rank == 2 else {
      throw OpError("expected an input of rank 3 and weights of rank 2, got \(x) and \(weights)")
    }
    let heads = try headCount(context.attributes)
    let sizes = context.attributes.ints("qkv_hidden_sizes")
    if let sizes { try check(sizes, heads: heads) }
    let width = sizes.map { Dimension.fixed($0[2]) } ?? weights[1] / 3
    let size = sizes.map { Dimension.fixed($0[1] / heads) } ?? weights[1] / .fixed(3 * heads)
    let before: Dimension =
      context.has(past) ? context.shape(past).map { $0.rank == 5 ? $0[3] : .unknown } ?? .unknown : 0
    return [
      .tensor(.init(type, [x[0], x[1], width])),
      .tensor(.init(type, [2, x[0], .fixed(heads), before + x[1], size])),
    ]
  }

  private static func headCount(_ attributes: Attributes) throws(OpError) -> Int {
    let heads = attributes.int("num_heads", default: 0)
    guard heads >= 1, heads <= 1 << 30 else { throw OpError("'num_heads' expected 1 or more, got \(heads)") }
    return heads
  }

  private static func check(_ sizes: [Int], heads: Int) throws(OpError) {
    guard sizes.count == 3, sizes[0] == sizes[1], sizes.allSatisfy({ $0 >= 0 && $0 % heads == 0 }) else {
      throw OpError("'qkv_hidden_sizes' expected 3 multiples of \(heads), the first two alike, got \(sizes)")
    }
  }

  // MARK: Kernels

  @Sendable private static func attention(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let product = try MatMulKernel.evaluateNumbers(
      context.with([try context.widened(x), try context.optionalWidened(1)]))[0]
    let projected = try AttentionParts(context).add(product, try context.optionalWidened(2)) ?? product
    return try attend(
      context, projected, mask: 3, past: try context.optionalWidened(4), bias: try context.optionalWidened(5),
      type: x.dataType)
  }

  @Sendable private static func quantizedAttention(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let projected = try ContribIntegerProducts.multiply(
      context.with([
        try context.operand(0), try context.operand(1), try context.optionalWidened(3), try context.operand(4),
        try context.optionalOperand(6), try context.optionalOperand(7), try context.operand(2),
      ]))[0]
    return try attend(
      context, projected, mask: 5, past: try context.optionalWidened(8), bias: nil,
      type: try context.operand(3).dataType)
  }

  /// Attention among queries, keys and values that stand beside each other in the last axis of `projected`.
  private static func attend(
    _ context: EvaluationContext, _ projected: Tensor, mask: Int, past: Tensor?, bias: Tensor?, type: DataType
  ) throws(OpError) -> [Tensor] {
    for name in ["do_rotary", "past_present_share_buffer"] where context.attributes.int(name, default: 0) != 0 {
      throw OpError("'\(name)' expected 0, got \(context.attributes.int(name, default: 0))", kind: .unsupported)
    }
    guard projected.rank == 3 else { throw OpError("operand 0: expected rank 3, got \(projected.shape)") }
    let (heads, width) = (try headCount(context.attributes), projected.shape[2])
    let sizes = context.attributes.ints("qkv_hidden_sizes") ?? Array(repeating: width / 3, count: 3)
    try check(sizes, heads: heads)
    guard try sum(sizes[0], sizes[1], sizes[2]) == width else {
      throw OpError("expected weights of \(sizes) columns, got \(width)")
    }
    let parts = AttentionParts(context)
    var (tensors, start): ([Tensor], Int) = ([], 0)
    for size in sizes {
      tensors.append(try parts.split(try parts.slice(projected, axis: 2, from: start, count: size), heads: heads))
      start += size
    }
    var before: (keys: Tensor, values: Tensor)?
    if let past {
      guard past.rank == 5, past.shape[0] == 2 else {
        throw OpError("expected a past [2,…] of rank 5, got \(past.shape)")
      }
      before = (try half(past, 0, parts), try half(past, 1, parts))
    }
    let (batch, length) = (projected.shape[0], projected.shape[1])
    let old = before?.keys.shape[2] ?? 0
    let padding = PaddingMask(
      batch: batch, queries: length, keys: try sum(old, length), past: old,
      isCausal: context.attributes.int("unidirectional", default: 0) != 0)
    let results = try parts.attend(
      tensors[0], tensors[1], tensors[2], mask: try parts.add(bias, try padding.tensor(context, mask)), past: before)
    let conversion = Conversion(target: type)
    let result = try context.convert(try parts.merge(results[0]), conversion)
    guard context.resultCount > 1 else { return [result] }
    guard results[1].shape == results[2].shape else {
      throw OpError("expected keys and values of one size, got \(results[1].shape) and \(results[2].shape)")
    }
    let present = try parts.join(
      [results[1].reshaped([1] + results[1].shape), results[2].reshaped([1] + results[2].shape)], axis: 0)
    return [result, try context.convert(present, conversion)]
  }

  private static func half(_ past: Tensor, _ index: Int, _ parts: AttentionParts) throws(OpError) -> Tensor {
    try parts.slice(past, axis: 0, from: index, count: 1).reshaped(Array(past.shape[1...]))
  }
}
