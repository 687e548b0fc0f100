internal import DecantIR

/// Merges two clips in a row, or a rectifier and a clip, into one clip.
///
///     Given:  %a = Clip(%x, -1, 6)
///             %y = Clip(%a, 0, 8)
///     Result: %y = Clip(%x, 0, 6)
///
/// Exact: both are rising functions, so the second maps the bounds of the first. The first one stays for its other
/// readers.
enum MergeClips {
  static let rule = RewriteRule("merge-clips", roots: ["Clip"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let first = rewriter.graph.producer(ofOperand: 0, of: node, among: ["Clip", "Relu"]),
      let source = rewriter.graph[first].operand(0)
    else { return .skipped("the operand is not clipped") }
    guard let dataType = rewriter.graph.type(ofOperand: 0, of: node)?.dataType, dataType == .float32 else {
      return .skipped("the type is not f32")
    }
    let isRelu = rewriter.graph[first].op == "Relu"
    let inner = isRelu ? ClipBounds(lower: 0, upper: .infinity) : ClipBounds(of: first, in: rewriter.graph)
    guard let inner, let outer = ClipBounds(of: node, in: rewriter.graph) else {
      return .skipped("a bound is not constant, or the bounds are not in order")
    }
    let bounds = [inner.lower, inner.upper].map { min(outer.upper, max(outer.lower, $0)) }
    let name = rewriter.graph[node].name
    let operands = zip(bounds, ["min", "max"]).map { bound, suffix -> ValueID? in
      bound.isInfinite ? nil : rewriter.addInitializer("\(name)_\(suffix)", Tensor(scalar: Float(bound)))
    }
    rewriter.setOperands(node, [source] + operands)
    rewriter.eraseWithProducers(first)
    return .applied
  }
}
