internal import DecantIR

/// Drops a negation whose result only loses its sign.
///
///     Given:  %a = Neg(%x)
///             %y = Abs(%a)
///     Result: %y = Abs(%x)
///
/// Exact: the negation changes nothing but the sign. It stays for its other readers.
enum DropSignBeforeAbs {
  static let rule = RewriteRule("drop-sign-before-abs", roots: ["Abs"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let negation = rewriter.graph.producer(ofOperand: 0, of: node, among: ["Neg"]),
      let source = rewriter.graph[negation].operand(0)
    else { return .skipped("the operand is not negated") }
    rewriter.exchange(operand: 0, of: node, for: source)
    return .applied
  }
}
