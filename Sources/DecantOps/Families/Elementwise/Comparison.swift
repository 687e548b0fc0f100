internal import DecantIR

/// Comparisons, and tests of floats.
enum Comparison {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Equal", schema: form(since: 1), infer: Infer.broadcastToBool, propagate: propagateEqual, evaluate: equal),
    OpDefinition("Greater", schema: form(since: 1), infer: Infer.broadcastToBool, evaluate: greater),
    OpDefinition("GreaterOrEqual", schema: form(since: 12), infer: Infer.broadcastToBool, evaluate: greaterOrEqual),
    OpDefinition(
      "IsInf",
      schema: OpSchema(
        since: 10, reads: ["X"], gives: ["Y"],
        attributes: [.init("detect_negative", .int), .init("detect_positive", .int)]),
      infer: Infer.boolOfSameShape, evaluate: isInfinite),
    OpDefinition(
      "IsNaN", schema: OpSchema(since: 9, reads: ["X"], gives: ["Y"]), infer: Infer.boolOfSameShape, evaluate: isNaN),
    OpDefinition("Less", schema: form(since: 1), infer: Infer.broadcastToBool, evaluate: less),
    OpDefinition("LessOrEqual", schema: form(since: 12), infer: Infer.broadcastToBool, evaluate: lessOrEqual),
  ]

  private static func form(since: Int) -> OpSchema { OpSchema(since: since, reads: ["A", "B"], gives: ["C"]) }

  private struct Equality: Relation {
    func holds<T: Comparable>(_ x: T, _ y: T) -> Bool { x == y }
  }
  private struct Order: Relation {
    func holds<T: Comparable>(_ x: T, _ y: T) -> Bool { x < y }
  }
  private struct OrderOrEquality: Relation {
    func holds<T: Comparable>(_ x: T, _ y: T) -> Bool { x <= y }
  }

  @Sendable private static func equal(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b) = (try context.operand(0), try context.operand(1))
    if a.dataType == .string, b.dataType == .string { return [try context.equalStrings(a, b)] }
    return [try context.compare(a, b, Equality())]
  }

  @Sendable private static func less(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.compare(try context.operand(0), try context.operand(1), Order())]
  }

  @Sendable private static func lessOrEqual(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.compare(try context.operand(0), try context.operand(1), OrderOrEquality())]
  }

  @Sendable private static func greater(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.compare(try context.operand(1), try context.operand(0), Order())]
  }

  @Sendable private static func greaterOrEqual(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.compare(try context.operand(1), try context.operand(0), OrderOrEquality())]
  }

  @Sendable private static func isNaN(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.test(try context.operand(0)) { $0.isNaN }]
  }

  @Sendable private static func isInfinite(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let positive = context.attributes.int("detect_positive", default: 1) != 0
    let negative = context.attributes.int("detect_negative", default: 1) != 0
    return [try context.test(try context.operand(0)) { $0.isInfinite && ($0 > 0 ? positive : negative) }]
  }

  /// 1 and 0 stand for true and false. An extent is never equal to a negative number.
  @Sendable private static func propagateEqual(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [
      .zip(context.symbols(0), context.symbols(1)) { a, b in
        if case (.fixed(let x), .fixed(let y)) = (a, b) { return x == y ? 1 : 0 }
        if a != .unknown, a == b { return 1 }
        if a.isKnownNotNegative, let number = b.fixed, number < 0 { return 0 }
        if b.isKnownNotNegative, let number = a.fixed, number < 0 { return 0 }
        return .unknown
      }
    ]
  }
}
