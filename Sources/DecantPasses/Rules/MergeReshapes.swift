internal import DecantIR

/// Merges two reshapes in a row, of whatever operators, into one, or into none when the shape comes back.
///
///     Given:  %a: f32[N,128] = Flatten(%x: f32[N,8,16])
///             %y: f32[N,16,8] = Reshape(%a, %shape)
///     Result: %y: f32[N,16,8] = Reshape(%x, [0,16,8])
///
/// Exact: both keep the elements in order. The first one stays for its other readers.
enum MergeReshapes {
  static let rule = RewriteRule("merge-reshapes", roots: OperatorSets.reshaping, rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let first = rewriter.graph.producer(ofOperand: 0, of: node, among: OperatorSets.reshaping) else {
      return .skipped("the operand is not reshaped")
    }
    guard let source = rewriter.graph[first].operand(0), let result = rewriter.graph[node].result(0) else {
      return .skipped("the operand is left out")
    }
    guard let target = rewriter.graph.shape(of: result) else { return .skipped("the shape is not known") }
    let sourceShape = rewriter.graph.shape(of: source)
    if target.isSurely(sourceShape) {
      rewriter.forward(node, to: source)
      return .applied
    }
    guard let operand = target.reshapeOperand(from: sourceShape) else {
      return .skipped("no constant says the shape: two extents are not known")
    }
    let shape = rewriter.addInitializer("\(rewriter.graph[result].name)_shape", Tensor(operand))
    rewriter.makeReshape(node, of: source, to: shape)
    rewriter.eraseWithProducers(first)
    return .applied
  }
}
