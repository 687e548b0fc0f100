internal import DecantIR

/// Attention among queries, keys and values that were projected before, apart or packed together.
enum MultiHeadAttention {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("DecoderMaskedMultiHeadAttention"),
      schema: OpSchema(
        since: 1,
        reads: [
          "query", "key?", "value?", "mask_index?", "attention_bias?", "past_key?", "past_value?",
          "past_sequence_length?", "beam_width?", "cache_indirection?", "bias?",
        ],
        gives: ["output", "present_key?", "present_value?", "qk?"],
        attributes: [
          .init("mask_filter_value", .float), .init("num_heads", .int, isRequired: true), .init("output_qk", .int),
          .init("past_present_share_buffer", .int), .init("scale", .float),
        ]),
      infer: inferStep, evaluate: evaluateStep),
    OpDefinition(
      .microsoft("MultiHeadAttention"),
      schema: OpSchema(
        since: 1,
        reads: [
          "query", "key?", "value?", "bias?", "key_padding_mask?", "attention_bias?", "past_key?", "past_value?",
          "past_sequence_length?", "cache_indirection?",
        ],
        gives: ["output", "present_key?", "present_value?", "qk?"],
        attributes: [
          .init("mask_filter_value", .float), .init("num_heads", .int, isRequired: true), .init("scale", .float),
          .init("unidirectional", .int),
        ]),
      infer: infer, evaluate: evaluate),
  ]

  private static func headCount(_ attributes: Attributes) throws(OpError) -> Int {
    let heads = attributes.int("num_heads", default: 0)
    guard heads >= 1, heads <= 1 << 30 else { throw OpError("'num_heads' expected 1 or more, got \(heads)") }
    return heads
  }

  // MARK: Inference

  private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    let heads = Dimension.fixed(try headCount(context.attributes))
    guard let query = context.shape(0) else { return Array(repeating: .tensor(.init(type, nil)), count: 4) }
    var (length, size, valueSize) = (query.rank > 1 ? query[1] : .unknown, Dimension.unknown, Dimension.unknown)
    switch (query.rank, context.shape(1), context.shape(2)) {
    case (5, _, _): (size, valueSize) = (query[4], query[4])
    case (3, let key?, _) where key.rank == 5: (length, size, valueSize) = (key[1], key[4], key[4])
    case (3, let key?, let value?) where key.rank == 4 && value.rank == 4:
      (length, size, valueSize) = (key[2], key[3], value[3])
    case (3, let key?, let value?) where key.rank == 3 && value.rank == 3:
      (length, size, valueSize) = (key[1], key[2] / heads, value[2] / heads)
    case (3, _, _), (4, _, _): length = .unknown
    default: throw OpError("operand 0: expected rank 3 or 5, got \(query)")
    }
    let past: Dimension = context.has(6) ? context.shape(6).map { $0.rank == 4 ? $0[2] : .unknown } ?? .unknown : 0
    // A buffer stays as long as it is, and how much of it is filled is not known.
    let (total, kept) = context.has(8) ? (.unknown, past) : (past + length, past + length)
    let shapes: [Shape] = [
      [query[0], query[1], valueSize * heads], [query[0], heads, kept, size], [query[0], heads, kept, valueSize],
      [query[0], heads, query[1], total],
    ]
    return shapes.map { .tensor(.init(type, $0)) }
  }

  /// Where the other operator has the operands of this one.
  private static func places(_ attributes: Attributes) -> [Int?] {
    [0, 1, 2, 10, 3, 4, 5, 6, attributes.int("past_present_share_buffer", default: 0) != 0 ? 7 : nil, 9]
  }

  private static func inferStep(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard context.has(1) else {
      let type = ValueType.tensor(.init(context.dataType(0), nil))
      return [type, context.has(5) ? context.type(5) : type, context.has(6) ? context.type(6) : type, type]
    }
    return try infer(context.with(operands: places(context.attributes)))
  }

  // MARK: Kernels

  @Sendable private static func evaluateStep(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var operands: [Tensor?] = []
    for place in places(context.attributes) {
      operands.append(try place.flatMap { (index) throws(OpError) in try context.optionalOperand(index) })
    }
    if operands[1] == nil, let query = operands[0] {
      guard query.rank == 3 else { throw OpError("operand 0: expected rank 3, got \(query.shape)") }
      let (parts, width) = (AttentionParts(context), query.shape[2] / 3)
      for index in 0..<3 { operands[index] = try parts.slice(query, axis: 2, from: index * width, count: width) }
    }
    return try evaluate(context.with(operands, results: context.resultCount))
  }

  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    var (q, k, v) = try operands(context)
    let parts = AttentionParts(context)
    guard q.rank == 4, k.rank == 4, v.rank == 4 else {
      throw OpError("expected keys and values of rank 4, got \(k.shape) and \(v.shape)")
    }
    var past = try past(context)
    var present: [Tensor]?
    let old: Int
    if let shared = try SharedCache(context, past: 8, beams: 9), let cache = past {
      old = shared.past
      let whole = [try shared.written(cache.keys, k, context), try shared.written(cache.values, v, context)]
      k = try shared.seen(whole[0], length: k.shape[2], context)
      v = try shared.seen(whole[1], length: v.shape[2], context)
      (present, past) = (whole, nil)
    } else {
      old = past?.keys.shape[2] ?? 0
    }
    let padding = PaddingMask(
      batch: q.shape[0], queries: q.shape[2], keys: present == nil ? try sum(old, k.shape[2]) : k.shape[2], past: old,
      isCausal: context.attributes.int("unidirectional", default: 0) != 0)
    let mask = try parts.add(try context.optionalWidened(5), try padding.tensor(context, 4))
    var results = try parts.attend(q, k, v, mask: mask, past: past, scores: context.resultCount > 3 ? 2 : nil)
    if let present { results.replaceSubrange(1...2, with: present) }
    let conversion = Conversion(target: try context.operand(0).dataType)
    var converted = [try context.convert(try parts.merge(results[0]), conversion)]
    for result in results.dropFirst() { converted.append(try context.convert(result, conversion)) }
    return converted
  }

  private static func past(_ context: EvaluationContext) throws(OpError) -> (keys: Tensor, values: Tensor)? {
    guard let keys = try context.optionalWidened(6), let values = try context.optionalWidened(7) else {
      guard try context.optionalOperand(6) == nil, try context.optionalOperand(7) == nil else {
        throw OpError("expected 'past_key' and 'past_value' together")
      }
      return nil
    }
    guard keys.rank == 4, values.rank == 4 else {
      throw OpError("expected a past of rank 4, got \(keys.shape) and \(values.shape)")
    }
    return (keys, values)
  }

  /// Queries, keys and values as `[batch, heads, length, size]`, biased.
  private static func operands(_ context: EvaluationContext) throws(OpError) -> (Tensor, Tensor, Tensor) {
    let heads = try headCount(context.attributes)
    let parts = AttentionParts(context)
    let query = try context.widened(try context.operand(0))
    guard let key = try context.optionalWidened(1) else {
      let three = try unpack(query, 3, heads: heads, context)
      return (
        try biased(three[0], part: 0, context), try biased(three[1], part: 1, context),
        try biased(three[2], part: 2, context)
      )
    }
    guard query.rank == 3 else { throw OpError("operand 0: expected rank 3, got \(query.shape)") }
    let q = try biased(try parts.split(query, heads: heads), part: 0, context)
    guard let value = try context.optionalWidened(2) else {
      let two = try unpack(key, 2, heads: heads, context)
      return (q, try biased(two[0], part: 1, context), try biased(two[1], part: 2, context))
    }
    if key.rank == 4 { return (q, key, value) }
    return (
      q, try biased(try parts.split(key, heads: heads), part: 1, context),
      try biased(try parts.split(value, heads: heads), part: 2, context)
    )
  }

  /// `[batch, length, heads, count, size]` as `count` tensors `[batch, heads, length, size]`.
  private static func unpack(
    _ tensor: Tensor, _ count: Int, heads: Int, _ context: EvaluationContext
  ) throws(OpError) -> [Tensor] {
    guard tensor.rank == 5, tensor.shape[2] == heads, tensor.shape[3] == count else {
      throw OpError("expected \(count) packed tensors [batch,length,\(heads),\(count),size], got \(tensor.shape)")
    }
    let parts = AttentionParts(context)
    var result: [Tensor] = []
    for index in 0..<count {
      let one = try parts.slice(tensor, axis: 3, from: index, count: 1)
      let shape = [tensor.shape[0], tensor.shape[1], heads, tensor.shape[4]]
      result.append(try TransposeOps.permute(context, one.reshaped(shape), [0, 2, 1, 3]))
    }
    return result
  }

  /// Adds the stretch of operand 3 that belongs to the queries, the keys or the values.
  private static func biased(_ tensor: Tensor, part: Int, _ context: EvaluationContext) throws(OpError) -> Tensor {
    guard let bias = try context.optionalWidened(3) else { return tensor }
    let width = try product(tensor.shape[1], tensor.shape[3])
    guard bias.rank == 1, width <= bias.shape[0] else {
      throw OpError("operand 3: expected a vector for queries, keys and values, got \(bias.shape)")
    }
    // Queries and keys are of one width, values perhaps of another.
    let start = part == 2 ? bias.shape[0] - width : part * width
    let own = try AttentionParts(context).slice(bias, axis: 0, from: start, count: width)
    return try context.pairwise(tensor, own.reshaped([1, tensor.shape[1], 1, tensor.shape[3]]), Addition())
  }
}
