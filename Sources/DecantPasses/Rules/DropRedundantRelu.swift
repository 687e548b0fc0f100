internal import DecantIR

/// Drops a rectifier of what is never negative.
///
///     Given:  %a = Sigmoid(%x)                       ; or Abs, Exp, Softmax, Sqrt, Clip from 0 or more
///             %y = Relu(%a)
///     Result: readers of %y read %a
///
/// Exact: the rectifier keeps what is not negative.
enum DropRedundantRelu {
  static let rule = RewriteRule("drop-redundant-relu", roots: ["Relu"], rewrite: rewrite)

  private static let notNegative: Set<OpName> = ["Abs", "Exp", "HardSigmoid", "Sigmoid", "Softmax", "Softplus"]

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let operand = rewriter.graph[node].operand(0),
      let first = rewriter.graph.producer(ofOperand: 0, of: node)
    else { return .skipped("the operand is not computed") }
    guard notNegative.contains(rewriter.graph[first].op) || clipsBelow(first, in: rewriter.graph) else {
      return .skipped("the operand may be negative")
    }
    rewriter.forward(node, to: operand)
    return .applied
  }

  private static func clipsBelow(_ node: NodeID, in graph: Graph) -> Bool {
    guard graph[node].op == "Clip", let bounds = ClipBounds(of: node, in: graph) else { return false }
    return bounds.lower >= 0 && bounds.upper >= 0
  }
}
