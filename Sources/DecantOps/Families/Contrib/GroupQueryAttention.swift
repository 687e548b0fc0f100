internal import DecantIR

/// Attention of decoders, in which several heads of queries share a head of keys, with a cache of what came before.
enum GroupQueryAttention {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("GroupQueryAttention"),
      schema: OpSchema(
        since: 1,
        reads: [
          "query", "key?", "value?", "past_key?", "past_value?", "seqlens_k", "total_sequence_length", "cos_cache?",
          "sin_cache?", "position_ids?", "attention_bias?", "head_sink?", "k_scale?", "v_scale?", "q_norm_weight?",
          "k_norm_weight?",
        ],
        gives: ["output", "present_key?", "present_value?", "output_qk?"],
        attributes: [
          .init("causal", .int), .init("do_rotary", .int), .init("k_quant_type", .string),
          .init("kv_cache_bit_width", .int), .init("kv_num_heads", .int, isRequired: true),
          .init("local_window_size", .int), .init("num_heads", .int, isRequired: true),
          .init("qk_norm_epsilon", .float), .init("qk_output", .int), .init("rotary_interleaved", .int),
          .init("scale", .float), .init("sliding_window_cache", .int), .init("smooth_softmax", .int),
          .init("softcap", .float), .init("v_quant_type", .string),
        ]),
      infer: infer, evaluate: GroupQueryKernel.evaluate)
  ]

  /// The numbers of heads of queries and of keys.
  static func headCounts(_ attributes: Attributes) throws(OpError) -> (queries: Int, keys: Int) {
    let (queries, keys) = (attributes.int("num_heads", default: 0), attributes.int("kv_num_heads", default: 0))
    guard keys >= 1, queries >= keys, queries % keys == 0, queries <= 1 << 30 else {
      throw OpError("'num_heads' expected a multiple of 'kv_num_heads', got \(queries) and \(keys)")
    }
    return (queries, keys)
  }

  private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    let isCoded = !["NONE", "", nil].contains(context.attributes.string("k_quant_type"))
    let cache =
      context.has(3)
      ? context.dataType(3) : isCoded ? try CodedCache.codeType(context.attributes, given: nil) : type
    let counts = try headCounts(context.attributes)
    guard let query = context.shape(0) else {
      return [type, cache, cache, type].map { .tensor(.init($0, nil)) }
    }
    guard query.rank == 3 else { throw OpError("operand 0: expected rank 3, got \(query)") }
    let isPacked = !context.has(1)
    let size = query[2] / .fixed(isPacked ? counts.queries + 2 * counts.keys : counts.queries)
    let past: Dimension = context.has(3) ? context.shape(3).map { $0.rank == 4 ? $0[2] : .unknown } ?? .unknown : 0
    let whole = context.integers(6).flatMap { $0.count == 1 ? $0[0] : nil }
    let total: Dimension
    if let whole, let old = past.fixed { total = .fixed(max(whole, old)) } else { total = .unknown }
    let keys: Shape = [query[0], .fixed(counts.keys), total, isCoded && cache == .uint8 ? size / 2 : size]
    let shapes: [Shape] = [
      [query[0], query[1], size * .fixed(counts.queries)], keys, keys,
      [query[0], .fixed(counts.queries), query[1], whole.map { .fixed($0) } ?? .unknown],
    ]
    return zip([type, cache, cache, type], shapes).map { .tensor(.init($0, $1)) }
  }
}
