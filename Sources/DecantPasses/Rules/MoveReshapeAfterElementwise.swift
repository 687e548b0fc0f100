internal import DecantIR

/// Takes away a reshape before element-wise operators that another reshape follows.
///
///     Given:  %a: f32[N,128] = Reshape(%x: f32[N,8,16], %s)
///             %b = Sigmoid(%a)                            ; any number of element-wise operators
///             %y: f32[N,8,16] = Reshape(%b, %t)
///     Result: %y: f32[N,8,16] = Sigmoid(%x)
///
/// Exact: an element-wise operator does not see the shape. Where the last shape is not that of %x, the last reshape stays.
/// Nothing else may read the values between, for they would be computed twice.
enum MoveReshapeAfterElementwise {
  static let rule = RewriteRule(
    "move-reshape-after-elementwise", roots: OperatorSets.reshaping, rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let chain = ElementwiseChain(before: node, from: OperatorSets.reshaping, in: rewriter.graph) else {
      return .skipped("there is no chain of element-wise operators from another reshape")
    }
    guard let target = rewriter.graph.shape(of: rewriter.graph[node].result(0)) else {
      return .skipped("the shape is not known")
    }
    let sourceShape = rewriter.graph.shape(of: chain.source)
    let isSame = target.isSurely(sourceShape)
    let operand = target.reshapeOperand(from: sourceShape)
    guard isSame || operand != nil else { return .skipped("no constant says the shape: two extents are not known") }
    chain.attach(&rewriter, shape: sourceShape)
    if isSame {
      rewriter.forward(node, to: chain.last)
    } else if let operand {
      let shape = rewriter.addInitializer("\(rewriter.graph[chain.last].name)_shape", Tensor(operand))
      rewriter.makeReshape(node, of: chain.last, to: shape)
    }
    return .applied
  }
}
