internal import DecantIR

/// Takes away a transposition before element-wise operators that another transposition follows.
///
///     Given:  %a = Transpose(%x) {perm: [0,3,1,2]}
///             %b = Relu(%a)                               ; any number of element-wise operators
///             %y = Transpose(%b) {perm: [0,2,3,1]}
///     Result: %y = Relu(%x)
///
/// Exact: an element-wise operator does not see the order of axes. Where the two do not undo each other, one transposition
/// stays behind the operators. Nothing else may read the values between, for they would be computed twice.
enum MoveTransposeAfterElementwise {
  static let rule = RewriteRule("move-transpose-after-elementwise", roots: ["Transpose"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let chain = ElementwiseChain(before: node, from: ["Transpose"], in: rewriter.graph) else {
      return .skipped("there is no chain of element-wise operators from another transposition")
    }
    guard let inner = rewriter.graph.permutation(of: chain.start), let outer = rewriter.graph.permutation(of: node),
      let both = composed(inner, outer)
    else { return .skipped("a permutation is not known") }
    chain.attach(&rewriter, shape: rewriter.graph.shape(of: chain.source))
    if both == Array(both.indices) {
      rewriter.forward(node, to: chain.last)
    } else {
      rewriter.setAttribute(node, "perm", .ints(both.map(Int64.init)))
    }
    return .applied
  }
}
