internal import DecantIR

/// Drops a cast to the type that the operand already has.
///
///     Given:  %y = Cast(%x: f32[N]) {to: 1}
///     Result: readers of %y read %x
///
/// Exact: no element changes.
enum DropNoOpCast {
  static let rule = RewriteRule("drop-no-op-cast", roots: ["Cast", "CastLike"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let operand = rewriter.graph[node].operand(0) else { return .skipped("the operand is left out") }
    guard let from = rewriter.graph[operand].type.dataType else { return .skipped("the operand's type is not known") }
    let to: DataType? =
      switch rewriter.graph[node].op {
      case "Cast": rewriter.graph[node].attributes.int("to").flatMap { UInt8(exactly: $0) }.flatMap(DataType.init)
      default: rewriter.graph.type(ofOperand: 1, of: node)?.dataType
      }
    guard let to else { return .skipped("the type to cast to is not known") }
    guard from == to else { return .skipped("the cast changes the type") }
    rewriter.forward(node, to: operand)
    return .applied
  }
}
