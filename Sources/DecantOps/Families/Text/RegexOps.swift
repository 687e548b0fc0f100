internal import DecantIR

/// Matching strings with regular expressions.
enum RegexOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "RegexFullMatch",
      schema: OpSchema(since: 20, reads: ["X"], gives: ["Y"], attributes: [.init("pattern", .string)]),
      infer: infer, evaluate: evaluate)
  ]

  @Sendable private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    _ = try program(context.attributes)
    return [.tensor(.bool, context.shape(0))]
  }

  /// A string that is not UTF-8 matches no pattern.
  @Sendable private static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let strings = try context.strings(0)
    let shape = try context.operand(0).shape
    try context.checkSize(.bool, shape: shape)
    var matcher = RegexMatcher(try program(context.attributes))
    return [Tensor(strings.map { Boolean($0.text.map { matcher.matchesWhole($0) } ?? false) }, shape: shape)]
  }

  private static func program(_ attributes: Attributes) throws(OpError) -> RegexProgram {
    guard attributes["pattern"] != nil else { throw OpError("attribute 'pattern' is missing") }
    guard let pattern = attributes.string("pattern") else { throw OpError("'pattern' expected text in UTF-8") }
    return try RegexParser.parse(pattern)
  }
}
