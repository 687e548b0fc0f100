internal import DecantIR

/// Makes the shape operand of a reshape constant where inference knows the shape.
///
///     Given:  %shape = Concat(%n, %hundred) {axis: 0}
///             %y: f32[N,128] = Reshape(%x: f32[N,8,16], %shape)
///     Result: %y: f32[N,128] = Reshape(%x, [0,128])
///
/// Exact: 0 copies the extent of %x, and the one -1 is what remains. The arithmetic that computed the shape is dropped.
enum MakeReshapeConstant {
  static let rule = RewriteRule("make-reshape-constant", roots: ["Reshape"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard rewriter.graph.producer(ofOperand: 1, of: node) != nil else { return .skipped("the shape is not computed") }
    guard let result = rewriter.graph[node].result(0), let target = rewriter.graph.shape(of: result) else {
      return .skipped("the shape is not known")
    }
    let source = rewriter.graph.shape(of: rewriter.graph[node].operand(0))
    guard let elements = target.reshapeOperand(from: source) else {
      return .skipped("no constant says the shape: two extents are not known")
    }
    let shape = rewriter.addInitializer("\(rewriter.graph[result].name)_shape", Tensor(elements))
    rewriter.setAttribute(node, "allowzero", nil)
    rewriter.exchange(operand: 1, of: node, for: shape)
    return .applied
  }
}
