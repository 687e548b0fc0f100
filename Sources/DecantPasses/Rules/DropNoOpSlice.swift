internal import DecantIR

/// Drops a slice that takes everything.
///
///     Given:  %y: f32[N,4] = Slice(%x: f32[N,4], %starts, %ends, %axes, %steps)
///     Result: readers of %y read %x
///
/// Exact: with steps forward, a slice as long as the axis begins at its start. The steps have to be constant, for one of
/// -1 keeps the shape too.
enum DropNoOpSlice {
  static let rule = RewriteRule("drop-no-op-slice", roots: ["Slice"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let operand = rewriter.graph[node].operand(0) else { return .skipped("the operand is left out") }
    if rewriter.graph[node].operand(4) != nil {
      guard let steps = rewriter.graph.integers(ofOperand: 4, of: node) else {
        return .skipped("the steps are not constant")
      }
      guard steps.allSatisfy({ $0 > 0 }) else { return .skipped("a step runs backward") }
    }
    guard rewriter.graph.keepsShape(node) || takesAll(node, in: rewriter.graph) else {
      return .skipped("the slice is not known to take everything")
    }
    rewriter.forward(node, to: operand)
    return .applied
  }

  /// Whether every axis is taken from 0 to an end beyond any extent, with step 1.
  private static func takesAll(_ node: NodeID, in graph: Graph) -> Bool {
    guard let starts = graph.integers(ofOperand: 1, of: node), let ends = graph.integers(ofOperand: 2, of: node) else {
      return false
    }
    let steps = graph.integers(ofOperand: 4, of: node) ?? []
    return starts.allSatisfy { $0 == 0 } && ends.allSatisfy { $0 >= Int(Int64.max) } && steps.allSatisfy { $0 == 1 }
  }
}
