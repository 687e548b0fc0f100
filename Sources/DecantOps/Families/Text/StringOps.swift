internal import DecantIR

/// Joining, splitting and cleaning strings.
enum StringOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "StringConcat", schema: OpSchema(since: 20, reads: ["X", "Y"], gives: ["Z"]), infer: Infer.broadcast,
      evaluate: concatenate),
    OpDefinition(
      "StringNormalizer",
      schema: OpSchema(
        since: 10, reads: ["X"], gives: ["Y"],
        attributes: [
          .init("case_change_action", .string), .init("is_case_sensitive", .int), .init("locale", .string),
          .init("stopwords", .strings),
        ]),
      infer: inferNormalizer, evaluate: normalize),
    OpDefinition(
      "StringSplit",
      schema: OpSchema(
        since: 20, reads: ["X"], gives: ["Y", "Z"], attributes: [.init("delimiter", .string), .init("maxsplit", .int)]),
      infer: inferSplit, evaluate: split),
  ]

  // MARK: StringConcat

  @Sendable private static func concatenate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (left, right) = (try context.strings(0), try context.strings(1))
    let plan = try BroadcastPlan([try context.operand(0).shape, try context.operand(1).shape])
    try context.checkStrings(shape: plan.shape, bytes: 0)
    var bytes = 0
    var result: [ByteString] = []
    result.reserveCapacity(plan.count)
    try plan.forEachRun { (_, sources) throws(OpError) in
      for step in 0..<plan.run {
        let first = left[sources[0] + step * plan.runStrides[0]].bytes
        let second = right[sources[1] + step * plan.runStrides[1]].bytes
        bytes += first.count + second.count
        if bytes > context.byteLimit { try context.checkStrings(shape: plan.shape, bytes: bytes) }
        result.append(ByteString(bytes: first + second))
      }
    }
    try context.checkStrings(shape: plan.shape, bytes: bytes)
    return [try Tensor(strings: result, shape: plan.shape)]
  }

  // MARK: StringNormalizer

  @Sendable private static func inferNormalizer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    _ = try caseAction(context.attributes)
    guard let shape = context.shape(0) else { return [.tensor(.string, nil)] }
    try checkNormalizer(shape)
    return [.tensor(.string, shape.rank == 1 ? [.unknown] : [.fixed(1), .unknown])]
  }

  private static func checkNormalizer(_ shape: Shape) throws(OpError) {
    guard shape.rank == 1 || shape.rank == 2 && (shape[0].fixed ?? 1) == 1 else {
      throw OpError("operand 0: expected the shape [C] or [1,C], got \(shape)")
    }
  }

  private static func caseAction(_ attributes: Attributes) throws(OpError) -> String {
    try attributes.choice("case_change_action", of: ["NONE", "LOWER", "UPPER"])
  }

  /// Drops elements that are stop words, and changes the case of the others by Unicode's rules, which need no locale.
  @Sendable private static func normalize(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let input = try context.operand(0)
    try checkNormalizer(Shape(input.shape))
    let action = try caseAction(context.attributes)
    let isSensitive = context.attributes.int("is_case_sensitive", default: 0) != 0
    var stopwords: Set<ByteString> = []
    if case .strings(let words)? = context.attributes["stopwords"] {
      for word in words { stopwords.insert(isSensitive ? word : ByteString(try word.decoded().lowercased())) }
    }
    var kept: [ByteString] = []
    for string in try context.strings(0) {
      let key = isSensitive || stopwords.isEmpty ? string : ByteString(try string.decoded().lowercased())
      guard !stopwords.contains(key) else { continue }
      switch action {
      case "LOWER": kept.append(ByteString(try string.decoded().lowercased()))
      case "UPPER": kept.append(ByteString(try string.decoded().uppercased()))
      default: kept.append(string)
      }
    }
    if kept.isEmpty { kept = [""] }
    let shape = input.rank == 1 ? [kept.count] : [1, kept.count]
    try context.checkStrings(shape: shape, bytes: kept.reduce(0) { $0 + $1.bytes.count })
    return [try Tensor(strings: kept, shape: shape)]
  }

  // MARK: StringSplit

  @Sendable private static func inferSplit(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    guard let shape = context.shape(0) else { return [.tensor(.string, nil), .tensor(.int64, nil)] }
    return [.tensor(.string, Shape(shape.dimensions + [.unknown])), .tensor(.int64, shape)]
  }

  @Sendable private static func split(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let input = try context.operand(0)
    let asked = context.attributes.int("maxsplit", default: -1)
    let limit = asked < 0 ? Int.max : asked
    var delimiter: [UInt8] = []
    if case .string(let text)? = context.attributes["delimiter"] { delimiter = text.bytes }
    let parts = try context.strings(0).mapThrowing { (string) throws(OpError) -> [ByteString] in
      delimiter.isEmpty
        ? try StringSplitting.words(string, limit: limit)
        : StringSplitting.parts(string.bytes, at: delimiter, limit: limit)
    }
    let width = parts.map(\.count).max() ?? 0
    let shape = input.shape + [width]
    try context.checkStrings(shape: shape, bytes: input.byteCount)
    var result: [ByteString] = []
    result.reserveCapacity(parts.count * width)
    for row in parts {
      result += row
      result += repeatElement("", count: width - row.count)
    }
    return [
      try Tensor(strings: result, shape: shape), Tensor(parts.map { Int64($0.count) }, shape: input.shape),
    ]
  }
}
