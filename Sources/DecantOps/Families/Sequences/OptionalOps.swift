internal import DecantIR

/// Values that may be missing. A value that cannot be missing may stand wherever an optional is read.
enum OptionalOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Optional", schema: OpSchema(since: 15, reads: ["input?"], attributes: [.init("type", .type)]),
      infer: inferOptional,
      evaluateValues: optional),
    OpDefinition(
      "OptionalGetElement", schema: OpSchema(since: 15, reads: ["input"]), infer: inferElement, evaluateValues: element),
    OpDefinition(
      "OptionalHasElement", schema: OpSchema(since: 15, reads: ["input?"]), infer: inferPresence,
      evaluateValues: presence),
  ]

  @Sendable private static func inferOptional(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if context.has(0) { return [.optional(context.type(0))] }
    guard let type = context.attributes.type("type") else {
      throw OpError("attribute 'type' is missing, and there is no operand to tell it")
    }
    return [.optional(type)]
  }

  @Sendable private static func optional(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    [.optional(context.optionalOperand(0))]
  }

  @Sendable private static func inferElement(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    if case .optional(let element) = context.type(0) { return [element] }
    return [context.type(0)]
  }

  @Sendable private static func element(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    guard case .optional(let element) = try context.operand(0) else { return [try context.operand(0)] }
    guard let element else { throw OpError("operand 0: expected an optional with an element, got one without") }
    return [element]
  }

  @Sendable private static func inferPresence(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.bool, [])]
  }

  @Sendable private static func presence(_ context: ValueContext) throws(OpError) -> [RuntimeValue] {
    let isPresent =
      switch context.optionalOperand(0) {
      case nil, .optional(nil)?: false
      default: true
      }
    return [.tensor(Tensor(scalar: Boolean(isPresent)))]
  }
}
