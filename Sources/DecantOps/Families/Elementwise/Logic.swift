internal import DecantIR

/// Logic on bools and on the bits of integers.
enum Logic {
  static let definitions: [OpDefinition] = [
    OpDefinition("And", schema: form(since: 1), infer: Infer.broadcastToBool, evaluate: and),
    OpDefinition(
      "BitShift",
      schema: OpSchema(
        since: 11, reads: ["X", "Y"], gives: ["Z"], attributes: [.init("direction", .string, isRequired: true)]),
      infer: Infer.broadcast, evaluate: shift),
    OpDefinition("BitwiseAnd", schema: form(since: 18), infer: Infer.broadcast, evaluate: bitwiseAnd),
    OpDefinition(
      "BitwiseNot", schema: OpSchema(since: 18, reads: ["X"], gives: ["Y"]), infer: Infer.sameType,
      evaluate: bitwiseNot),
    OpDefinition("BitwiseOr", schema: form(since: 18), infer: Infer.broadcast, evaluate: bitwiseOr),
    OpDefinition("BitwiseXor", schema: form(since: 18), infer: Infer.broadcast, evaluate: bitwiseXor),
    OpDefinition(
      "Not", schema: OpSchema(since: 1, reads: ["X"], gives: ["Y"]), infer: Infer.sameType, evaluate: not),
    OpDefinition("Or", schema: form(since: 1), infer: Infer.broadcastToBool, evaluate: or),
    OpDefinition("Xor", schema: form(since: 1), infer: Infer.broadcastToBool, evaluate: xor),
  ]

  private static func form(since: Int) -> OpSchema { OpSchema(since: since, reads: ["A", "B"], gives: ["C"]) }

  @Sendable private static func and(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.zipTruths(try context.operand(0), try context.operand(1)) { $0 && $1 }]
  }

  @Sendable private static func or(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.zipTruths(try context.operand(0), try context.operand(1)) { $0 || $1 }]
  }

  @Sendable private static func xor(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.zipTruths(try context.operand(0), try context.operand(1)) { $0 != $1 }]
  }

  @Sendable private static func not(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    guard tensor.dataType == .bool else { throw context.expected("bools", tensor) }
    return [try context.map(tensor) { (x: Boolean) in Boolean(!x.value) }]
  }

  private struct And: BitKernel {
    func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x & y }
  }
  private struct Or: BitKernel {
    func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x | y }
  }
  private struct ExclusiveOr: BitKernel {
    func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { x ^ y }
  }
  private struct Complement: BitKernel {
    func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { ~x }
  }
  /// Zeroes come in; shifts by less than 0, or by the width or more, leave nothing.
  private struct ShiftLeft: BitKernel {
    func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { y >= 0 && y < I.bitWidth ? x << y : 0 }
  }
  /// Copies of the sign come in; shifts by less than 0, or by the width or more, leave nothing else.
  private struct ShiftRight: BitKernel {
    func apply<I: FixedWidthInteger>(_ x: I, _ y: I) -> I { y >= 0 && y < I.bitWidth ? x >> y : x < 0 ? ~0 : 0 }
  }

  @Sendable private static func bitwiseAnd(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.zipBits(try context.operand(0), try context.operand(1), And())]
  }

  @Sendable private static func bitwiseOr(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.zipBits(try context.operand(0), try context.operand(1), Or())]
  }

  @Sendable private static func bitwiseXor(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try context.zipBits(try context.operand(0), try context.operand(1), ExclusiveOr())]
  }

  @Sendable private static func bitwiseNot(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let tensor = try context.operand(0)
    return [try context.zipBits(tensor, tensor, Complement())]
  }

  @Sendable private static func shift(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b) = (try context.operand(0), try context.operand(1))
    return try context.attributes.choice("direction", of: ["LEFT", "RIGHT"]) == "LEFT"
      ? [try context.zipBits(a, b, ShiftLeft())] : [try context.zipBits(a, b, ShiftRight())]
  }
}
