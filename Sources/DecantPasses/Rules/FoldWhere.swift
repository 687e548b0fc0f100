internal import DecantIR

/// Takes the branch of a selection whose condition is constant.
///
///     Given:  %y: f32[N,4] = Where(true, %a: f32[N,4], %b)
///     Result: readers of %y read %a
///
/// Exact: every element comes from that branch. The other operands must not make the shape larger.
enum FoldWhere {
  static let rule = RewriteRule("fold-where", roots: ["Where"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let condition = rewriter.graph.constant(ofOperand: 0, of: node) else {
      return .skipped("the condition is not constant")
    }
    guard let takesFirst = condition.commonBool else { return .skipped("the condition differs between elements") }
    let index = takesFirst ? 1 : 2
    guard let branch = rewriter.graph[node].operand(index) else { return .skipped("the operand is left out") }
    guard rewriter.graph.keepsShape(node, ofOperand: index) else {
      return .skipped("the other operands may make the shape larger")
    }
    rewriter.forward(node, to: branch)
    return .applied
  }
}
