internal import DecantIR

/// Operators that carry a state from one step of decoding to the next: caches, short convolutions, linear attention.
enum DecodingState {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "CausalConvWithState",
      schema: OpSchema(
        since: 27, reads: ["input", "weight", "bias?", "past_state?"], gives: ["output", "present_state"],
        attributes: [.init("activation", .string)]),
      infer: inferConvolution, evaluate: CausalConvolution.evaluate),
    OpDefinition(
      "LinearAttention",
      schema: OpSchema(
        since: 27, reads: ["query", "key", "value", "past_state?", "decay?", "beta?"],
        gives: ["output", "present_state"],
        attributes: [
          .init("chunk_size", .int), .init("kv_num_heads", .int, isRequired: true),
          .init("q_num_heads", .int, isRequired: true), .init("scale", .float), .init("update_rule", .string),
        ]),
      infer: inferAttention, evaluate: LinearAttentionKernel.evaluate),
    OpDefinition(
      "TensorScatter",
      schema: OpSchema(
        since: 24, reads: ["past_cache", "update", "write_indices?"], gives: ["present_cache"],
        attributes: [.init("axis", .int), .init("mode", .string)]),
      infer: inferCache, evaluate: CacheUpdate.evaluate),
  ]

  static func inferConvolution(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    let (x, w) = (context.shape(0), context.shape(1))
    for (index, shape) in [(0, x), (1, w)] {
      if let shape, shape.rank != 3 { throw OpError("operand \(index): expected rank 3, got \(shape)") }
    }
    let state = Shape([x?[0] ?? .unknown, x?[1] ?? w?[0] ?? .unknown, w.map { $0[2] - 1 } ?? .unknown])
    return [context.type(0), .tensor(.init(type, context.shape(3)?.merged(with: state) ?? state))]
  }

  static func inferAttention(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let (queries, keys) = try headCounts(context.attributes)
    for index in 0..<3 {
      if let shape = context.shape(index), shape.rank != 3 {
        throw OpError("operand \(index): expected rank 3, got \(shape)")
      }
    }
    let (q, k, v) = (context.shape(0), context.shape(1), context.shape(2))
    let size = q.map { $0[2].dividedFloor(by: queries) } ?? k.map { $0[2].dividedFloor(by: keys) } ?? .unknown
    let width = v.map { $0[2].dividedFloor(by: keys) } ?? .unknown
    let batch = q?[0] ?? k?[0] ?? v?[0] ?? .unknown
    let result = Shape([batch, q?[1] ?? k?[1] ?? v?[1] ?? .unknown, width * .fixed(queries)])
    let made = Shape([batch, .fixed(keys), size, width])
    let state = context.shape(3)?.merged(with: made) ?? made
    return [
      .tensor(.init(context.dataType(0), result)),
      .tensor(.init(context.dataType(3) ?? (context.has(3) ? nil : context.dataType(0)), state)),
    ]
  }

  /// The numbers of heads of queries and of keys, the first a multiple of the second.
  static func headCounts(_ attributes: Attributes) throws(OpError) -> (queries: Int, keys: Int) {
    let (queries, keys) = (attributes.int("q_num_heads", default: 0), attributes.int("kv_num_heads", default: 0))
    guard queries >= 1, keys >= 1, queries % keys == 0 else {
      throw OpError("'q_num_heads' expected a multiple of 'kv_num_heads', got \(queries) and \(keys)")
    }
    return (queries, keys)
  }

  private static func inferCache(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if let rank = context.shape(0)?.rank { _ = try sequenceAxis(context.attributes, rank: rank) }
    if let a = context.dataType(0), let b = context.dataType(1), a != b {
      throw OpError("operand 1: expected \(a), got \(b)")
    }
    return [context.type(0)]
  }

  /// The axis along which a cache grows: any but the batch.
  static func sequenceAxis(_ attributes: Attributes, rank: Int) throws(OpError) -> Int {
    let given = attributes.int("axis", default: -2)
    let axis = try normalizeAxis(given, rank: rank)
    guard axis > 0 else { throw OpError("'axis' expected other than the batch's, got \(given)") }
    return axis
  }
}
