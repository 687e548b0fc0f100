internal import DecantIR

/// Attention, and positions as rotations.
enum Attention {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Attention",
      schema: OpSchema(
        since: 23,
        reads: ["Q", "K", "V", "attn_mask?", "past_key?", "past_value?", "nonpad_kv_seqlen?"],
        gives: ["Y", "present_key?", "present_value?", "qk_matmul_output?"],
        attributes: [
          .init("is_causal", .int), .init("kv_num_heads", .int), .init("left_window_size", .int),
          .init("q_num_heads", .int), .init("qk_matmul_output_mode", .int), .init("right_window_size", .int),
          .init("scale", .float), .init("softcap", .float), .init("softmax_precision", .int),
        ]),
      infer: inferAttention, evaluate: AttentionKernel.evaluate),
    OpDefinition(
      "RotaryEmbedding",
      schema: OpSchema(
        since: 23, reads: ["X", "cos_cache", "sin_cache", "position_ids?"], gives: ["Y"],
        attributes: [.init("interleaved", .int), .init("num_heads", .int), .init("rotary_embedding_dim", .int)]),
      infer: inferRotary, evaluate: RotaryKernel.evaluate),
  ]

  private static func inferRotary(_ context: InferenceContext) throws(OpError) -> [ValueType] { [context.type(0)] }

  private static func inferAttention(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let types = [context.dataType(0), context.dataType(1), context.dataType(2), context.dataType(0)]
    guard let q = context.shape(0), let k = context.shape(1), let v = context.shape(2) else {
      return types.map { .tensor(.init($0, nil)) }
    }
    let queries = try heads(q, context.attributes, "q_num_heads")
    let keys = try heads(k, context.attributes, "kv_num_heads")
    let values = try heads(v, context.attributes, "kv_num_heads")
    let past = context.has(4) ? context.shape(4).map { $0.rank == 4 ? $0[2] : .unknown } ?? .unknown : .fixed(0)
    let total = past + keys[2]
    let result: Shape =
      q.rank == 4
      ? [queries[0], queries[1], queries[2], values[3]] : [queries[0], queries[2], queries[1] * values[3]]
    let shapes: [Shape] = [
      result, [keys[0], keys[1], total, keys[3]], [values[0], values[1], total, values[3]],
      [queries[0], queries[1], queries[2], total],
    ]
    return zip(types, shapes).map { .tensor(.init($0, $1)) }
  }

  /// The shape as `[batch, heads, sequence, size]`.
  private static func heads(_ shape: Shape, _ attributes: Attributes, _ name: String) throws(OpError) -> Shape {
    if shape.rank == 4 { return shape }
    guard shape.rank == 3 else { throw OpError("expected operands 0 to 2 of rank 3 or 4, got \(shape)") }
    guard let count = attributes.int(name), count >= 1 else {
      throw OpError("'\(name)' expected 1 or more with operands of rank 3")
    }
    return [shape[0], .fixed(count), shape[1], shape[2].dividedFloor(by: count)]
  }
}
