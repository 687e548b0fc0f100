internal import DecantIR

/// Drops an identity.
///
///     Given:  %y = Identity(%x)
///     Result: readers of %y read %x
///
/// Exact: the value is the same.
enum DropIdentity {
  static let rule = RewriteRule("drop-identity", roots: ["Identity"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let operand = rewriter.graph[node].operand(0) else { return .skipped("the operand is left out") }
    rewriter.forward(node, to: operand)
    return .applied
  }
}
