internal import DecantIR

/// Merges an addition and the layer normalization of its sum.
///
///     Given:  %s = Add(%a, %b)
///             %y = LayerNormalization(%s, %scale, %shift)
///     Result: %y = com.microsoft.SkipLayerNormalization(%a, %b, %scale, %shift)
///
/// A sum that is read elsewhere becomes another result. The same numbers.
enum FuseSkipNormalization {
  static let rule = RewriteRule(
    "fuse-skip-normalization", roots: ["LayerNormalization", "RMSNormalization"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let match: Match
    switch find(node, rewriter.graph) {
    case .match(let found): match = found
    case .no(let reason): return .skipped(reason)
    }
    guard match.isReadElsewhere else {
      rewriter.turn(node, into: match.op, match.operands, match.attributes)
      return .applied
    }
    // In the place of the sum, for others read that before the normalization.
    let fused = rewriter.addNode(
      match.op, match.operands, match.attributes, name: rewriter.graph[node].name,
      resultNames: [rewriter.graph[match.result].name, nil, nil, rewriter.graph[match.total].name],
      resultTypes: [rewriter.graph[match.result].type, .unknown, .unknown, rewriter.graph[match.total].type],
      at: .after(match.sum))
    if let first = rewriter.graph[fused].result(0), let other = rewriter.graph[fused].result(3) {
      rewriter.replaceAllUses(of: match.result, with: first)
      rewriter.replaceAllUses(of: match.total, with: other)
    }
    rewriter.eraseWithProducers(node)
    if rewriter.graph.contains(match.sum) { rewriter.eraseWithProducers(match.sum) }
    return .applied
  }

  /// An addition and the normalization behind it, as one operator.
  private struct Match {
    let sum: NodeID
    let total: ValueID
    let isReadElsewhere: Bool
    let result: ValueID
    let op: OpName
    let operands: [ValueID?]
    let attributes: Attributes
  }

  private static func find(_ node: NodeID, _ graph: Graph) -> Finding<Match> {
    guard let sum = graph.producer(of: graph[node].operand(0), among: ["Add"]), let total = graph[sum].result(0) else {
      return .no("the operand is not a sum")
    }
    guard let a = graph[sum].operand(0), let b = graph[sum].operand(1), graph.isFloat(a), graph.isFloat(b),
      graph.areAlike(a, total), graph.areAlike(b, total), let rank = graph.shape(of: total)?.rank, rank >= 2
    else { return .no("the operands of the sum are not f32 of one shape") }
    let axis = graph[node].attributes.int("axis", default: -1)
    guard axis == -1 || axis == rank - 1, graph[node].attributes.int("stash_type", default: 1) == 1 else {
      return .no("the normalization is not along the last axis in f32")
    }
    guard graph[node].results.count == 1, let result = graph[node].result(0) else {
      return .no("the moments are results")
    }
    guard let scale = graph.constant(ofOperand: 1, of: node), scale.dataType == .float32, scale.rank == 1,
      graph.shape(of: total)?.dimensions.last == .fixed(scale.elementCount),
      graph[node].operand(2) == nil || graph.constant(ofOperand: 2, of: node)?.shape == scale.shape
    else { return .no("scale and shift are not constant rows") }
    let isCentered = graph[node].op == "LayerNormalization"
    return .match(
      Match(
        sum: sum, total: total, isReadElsewhere: graph.onlyConsumer(of: total) == nil, result: result,
        op: .microsoft(isCentered ? "SkipLayerNormalization" : "SkipSimplifiedLayerNormalization"),
        operands: [a, b] + graph[node].operands.dropFirst(),
        attributes: ["epsilon": .float(graph[node].attributes.float("epsilon", default: 1e-5))]))
  }
}
