internal import DecantIR

/// Drops a dropout that is not in training mode.
///
///     Given:  %y = Dropout(%x, %ratio)
///     Result: readers of %y read %x
///
/// Exact: outside training the operator copies its operand.
enum DropDropout {
  static let rule = RewriteRule("drop-dropout", roots: ["Dropout"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let operand = rewriter.graph[node].operand(0) else { return .skipped("the operand is left out") }
    if rewriter.graph[node].operand(2) != nil {
      guard let training = rewriter.graph.constant(ofOperand: 2, of: node)?.commonBool else {
        return .skipped("the training mode is not constant")
      }
      guard !training else { return .skipped("it is in training mode") }
    }
    guard rewriter.graph.readsOnlyFirstResult(of: node) else { return .skipped("the mask is read") }
    rewriter.forward(node, to: operand)
    return .applied
  }
}
