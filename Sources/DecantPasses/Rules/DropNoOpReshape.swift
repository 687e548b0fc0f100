internal import DecantIR

/// Drops a reshape, flatten, squeeze, unsqueeze, expand or tile that gives back the shape it got.
///
///     Given:  %y: f32[N,8,16] = Reshape(%x: f32[N,8,16], %shape)
///     Result: readers of %y read %x
///
/// Exact: these operators keep the elements in order, and repeat them only to make a shape larger. Extents have to be
/// known as numbers or as equal symbols.
enum DropNoOpReshape {
  static let rule = RewriteRule(
    "drop-no-op-reshape", roots: OperatorSets.reshaping.union(["Expand", "Tile"]), rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let operand = rewriter.graph[node].operand(0) else { return .skipped("the operand is left out") }
    guard rewriter.graph.keepsShape(node) else { return .skipped("the shape is not known to stay the same") }
    rewriter.forward(node, to: operand)
    return .applied
  }
}
