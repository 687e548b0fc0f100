internal import DecantIR

/// Drops a transposition that leaves every axis in its place.
///
///     Given:  %y = Transpose(%x) {perm: [0,1,2]}
///     Result: readers of %y read %x
///
/// Exact: no element moves.
enum DropNoOpTranspose {
  static let rule = RewriteRule("drop-no-op-transpose", roots: ["Transpose"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let operand = rewriter.graph[node].operand(0) else { return .skipped("the operand is left out") }
    guard let permutation = rewriter.graph.permutation(of: node) else {
      return .skipped("there is no 'perm', and the rank is not known")
    }
    guard permutation == Array(permutation.indices) else { return .skipped("an axis changes its place") }
    rewriter.forward(node, to: operand)
    return .applied
  }
}
