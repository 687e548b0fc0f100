internal import DecantIR

/// What decoders with linear attention and with several kinds of positions are fused into.
enum ContribDecoding {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("CausalConvWithState"),
      schema: OpSchema(
        since: 1, reads: ["input", "weight", "bias?", "past_state?"], gives: ["output", "present_state"],
        attributes: [
          .init("activation", .string), .init("channels_last", .int), .init("dilation", .int), .init("ndim", .int),
          .init("state_window", .int),
        ]),
      infer: DecodingState.inferConvolution, evaluate: convolve),
    OpDefinition(
      .microsoft("GatedAdd"), schema: OpSchema(since: 1, reads: ["X", "Y", "gate"]), infer: Infer.sameType,
      evaluate: addGated),
    OpDefinition(
      .microsoft("GatedRMSNorm"),
      schema: OpSchema(
        since: 1, reads: ["X", "scale", "gate"], gives: ["Y"],
        attributes: [.init("activation", .string), Normalization.epsilon]),
      infer: Infer.sameType, evaluate: normalizeGated),
    OpDefinition(
      .microsoft("LinearAttention"),
      schema: OpSchema(
        since: 1, reads: ["query", "key", "value", "past_state?", "decay?", "beta?"],
        gives: ["output", "present_state"],
        attributes: [
          .init("chunk_size", .int), .init("kv_num_heads", .int, isRequired: true),
          .init("q_num_heads", .int, isRequired: true), .init("scale", .float), .init("state_window", .int),
          .init("update_rule", .string),
        ]),
      infer: DecodingState.inferAttention, evaluate: attend),
    OpDefinition(
      .microsoft("LinearAttentionGate"),
      schema: OpSchema(since: 1, reads: ["a", "dt_bias", "decay_scale", "b?"], gives: ["decay", "beta?"]),
      infer: inferGate, evaluate: gate),
    OpDefinition(
      .microsoft("MRotaryEmbedding"),
      schema: OpSchema(
        since: 1, reads: ["input", "position_ids", "cos_cache", "sin_cache"],
        attributes: [
          .init("interleaved", .int), .init("is_packed_batching", .int), .init("mrope_layout", .int),
          .init("mrope_section", .ints, isRequired: true), .init("num_heads", .int),
          .init("rotary_embedding_dim", .int), .init("scale", .float),
        ]),
      infer: Infer.sameType, evaluate: rotate),
    OpDefinition(
      .microsoft("ScaledSiLU"),
      schema: OpSchema(since: 1, reads: ["X", "scale?"], gives: ["Y"], attributes: [.init("alpha", .float)]),
      infer: Infer.sameType, evaluate: activate),
  ]

  /// Refuses attributes of layouts that are not there.
  private static func refuse(_ context: EvaluationContext, _ names: [(String, Int)]) throws(OpError) {
    for (name, usual) in names where context.attributes.int(name, default: usual) != usual {
      let given = context.attributes.int(name, default: usual)
      throw OpError("'\(name)' expected \(usual), got \(given)", kind: .unsupported)
    }
  }

  // MARK: States

  @Sendable private static func convolve(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    try refuse(context, [("channels_last", 0), ("dilation", 1), ("ndim", 1), ("state_window", 0)])
    return try CausalConvolution.evaluate(context)
  }

  @Sendable private static func attend(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    try refuse(context, [("state_window", 0)])
    return try LinearAttentionKernel.evaluate(context)
  }

  // MARK: Gates

  private static func inferGate(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [context.type(0), context.type(0)]
  }

  @Sendable private static func gate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let a = try context.operand(0)
    for index in [1, 2] where try context.operand(index).shape != Array(a.shape.suffix(1)) {
      throw OpError("operand \(index): expected shape \(a.shape.suffix(1)), got \(try context.operand(index).shape)")
    }
    let type = Conversion(target: a.dataType)
    let sum = try context.pairwise(
      try context.widened(a), try context.widened(try context.operand(1)), Addition())
    let decay = try context.pairwise(
      try context.map(sum, SoftPlusFunction()), try context.widened(try context.operand(2)), Multiplication())
    var results = [try context.convert(decay, type)]
    if let b = try context.optionalWidened(3) {
      guard b.shape == a.shape else { throw OpError("operand 3: expected shape \(a.shape), got \(b.shape)") }
      results.append(try context.convert(try context.map(b, LogisticSigmoid()), type))
    } else if context.resultCount > 1 {
      throw OpError("operand 3 is missing, which the second result is made from")
    }
    return results
  }

  /// The product is rounded before it is added.
  @Sendable private static func addGated(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, y, gate) = (try context.operand(0), try context.operand(1), try context.operand(2))
    let rows = Array(x.shape.dropLast())
    guard x.rank >= 1, y.shape == x.shape, gate.shape == rows + [1] else {
      throw OpError(
        "expected two tensors of one shape and a gate for each row, got \(x.shape), \(y.shape), \(gate.shape)")
    }
    return [try context.pairwise(x, try context.pairwise(y, gate, Multiplication()), Addition())]
  }

  @Sendable private static func normalizeGated(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, scale, gate) = (try context.operand(0), try context.operand(1), try context.operand(2))
    let width = scale.elementCount
    guard scale.rank == 1, width > 0, let last = x.shape.last, last % width == 0, gate.shape == x.shape else {
      throw OpError("expected a scale that divides the last axis of \(x.shape), and a gate of that shape")
    }
    let split = Array(x.shape.dropLast()) + [last / width, width]
    let epsilon = context.attributes.float("epsilon", default: 1e-5)
    let normalized = try RootMeanSquareKernel.evaluate(
      context.with(
        [try context.widened(x).reshaped(split), try context.widened(scale)],
        attributes: ["axis": .int(-1), "epsilon": .float(epsilon)]))[0].reshaped(x.shape)
    let isSigmoid = try context.attributes.choice("activation", of: ["silu", "swish", "sigmoid"]) == "sigmoid"
    let wide = try context.widened(gate)
    let opening =
      isSigmoid ? try context.map(wide, LogisticSigmoid()) : try context.map(wide, SwishFunction(alpha: 1))
    return [
      try context.convert(
        try context.pairwise(normalized, opening, Multiplication()), Conversion(target: x.dataType))
    ]
  }

  /// `z · sigmoid(z)` of `z = scale · x`, rounded at each step.
  @Sendable private static func activate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    var factor = context.attributes.float("alpha", default: 1)
    if try context.optionalOperand(1) != nil {
      let given = try context.numbers(1, as: Float.self)
      guard given.count == 1 else { throw OpError("operand 1: expected one number, got \(given.count)") }
      factor = given[0]
    }
    let scaled = try context.map(x, Scaling(factor: factor))
    return [try context.pairwise(scaled, try context.map(scaled, LogisticSigmoid()), Multiplication())]
  }

  // MARK: Positions

  @Sendable private static func rotate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (x, cache) = (try context.operand(0), try context.operand(2))
    guard x.rank == 3 || x.rank == 4, cache.rank == 2, try context.operand(3).shape == cache.shape else {
      throw OpError("expected an input of rank 3 or 4 and caches of one shape, got \(x.shape) and \(cache.shape)")
    }
    let shape = [x.shape[0], x.rank == 3 ? x.shape[1] : x.shape[2], cache.shape[1]]
    let streams = try streams(context, width: shape[2])
    let places = try context.integers(1)
    guard try context.operand(1).shape == [3, shape[0], shape[1]], places.allSatisfy({ $0 >= 0 && $0 < cache.shape[0] })
    else {
      throw OpError("operand 1: expected positions [3,\(shape[0]),\(shape[1])] in 0..<\(cache.shape[0])")
    }
    var angles: [Tensor] = []
    for index in [2, 3] {
      let table = try context.numbers(index, as: Float.self)
      let tokens = shape[0] * shape[1]
      angles.append(
        try context.make(Float.self, shape: shape) { span in
          for place in 0..<span.count {
            let (token, pair) = (place / shape[2], place % shape[2])
            span[place] = table[places[streams[pair] * tokens + token] * shape[2] + pair]
          }
        })
    }
    var attributes = context.attributes
    if x.rank == 3, attributes.int("num_heads", default: 0) == 0 {
      let size = try product(shape[2], 2)
      guard size > 0, x.shape[2] % size == 0 else {
        throw OpError("expected heads of \(size) elements to fill \(x.shape[2])")
      }
      attributes["num_heads"] = .int(Int64(max(x.shape[2] / size, 1)))
    }
    return try RotaryKernel.evaluate(context.with([x, angles[0], angles[1]], attributes: attributes))
  }

  /// Which of the three positions turns each pair: time, height or width.
  private static func streams(_ context: EvaluationContext, width: Int) throws(OpError) -> [Int] {
    let sections = context.attributes.ints("mrope_section") ?? []
    try context.checkSize(.int64, shape: [width])
    guard sections.count == 3, sections.allSatisfy({ $0 >= 0 && $0 <= width }), sections.reduce(0, +) == width else {
      throw OpError("'mrope_section' expected 3 numbers with the sum \(width), got \(sections)")
    }
    switch context.attributes.int("mrope_layout", default: 0) {
    case 0: return sections.enumerated().flatMap { Array(repeating: $0, count: $1) }
    case 1: return (0..<width).map { $0 % 3 != 0 && $0 < sections[$0 % 3] * 3 ? $0 % 3 : 0 }
    case let other: throw OpError("'mrope_layout' expected 0 or 1, got \(other)")
    }
  }
}
