internal import DecantIR

/// Drops an operator and its inverse in a row.
///
///     Given:  %a = Neg(%x)                           ; or Not, BitwiseNot
///             %y = Neg(%a)
///     Result: readers of %y read %x
///
/// Exact: each flips a bit, or all bits, of every element; the least integer is its own negative both times. The first one
/// stays for its other readers.
enum DropDoubleInverse {
  static let rule = RewriteRule("drop-double-inverse", roots: ["BitwiseNot", "Neg", "Not"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let op = rewriter.graph[node].op
    guard let first = rewriter.graph.producer(ofOperand: 0, of: node, among: [op]),
      let source = rewriter.graph[first].operand(0)
    else { return .skipped("the operand is not a result of the same operator") }
    rewriter.forward(node, to: source)
    return .applied
  }
}
