internal import DecantIR

/// Adds a bias in the product of codes that it follows.
///
///     Given:  %p = com.microsoft.MatMulIntegerToFloat(%x, %w, %sx, %sw, %zx, %zw)
///             %y = Add(%p, %b: f32[8])
///     Result: %y = com.microsoft.MatMulIntegerToFloat(%x, %w, %sx, %sw, %zx, %zw, %b)
///
/// The same arithmetic in the same order.
enum MergeIntegerProductAndBias {
  static let rule = RewriteRule("merge-integer-product-and-bias", roots: ["Add"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let graph = rewriter.graph
    let fused = OpName.microsoft("MatMulIntegerToFloat")
    func product(_ index: Int) -> NodeID? {
      guard let producer = graph.producer(ofOperand: index, of: node), graph[producer].op == fused else { return nil }
      return producer
    }
    guard let index = [0, 1].first(where: { product($0) != nil }), let producer = product(index) else {
      return .skipped("it does not add to a product of codes")
    }
    guard graph[producer].operand(6) == nil else { return .skipped("the product has a bias") }
    guard let sum = graph[producer].result(0), graph.onlyConsumer(of: sum) == node else {
      return .skipped("the product is read elsewhere")
    }
    guard let matrix = graph.constant(ofOperand: 1, of: producer), matrix.rank == 2,
      let bias = graph[node].operand(1 - index), let data = graph[bias].constant, data.dataType == .float32,
      data.shape == [matrix.shape[1]]
    else { return .skipped("the bias is not a constant for each column") }
    var operands = Array(graph[producer].declaredOperands.prefix(6))
    while operands.count < 6 { operands.append(nil) }
    rewriter.setOperands(producer, operands + [bias])
    if let old = graph[node].result(0) { rewriter.replaceAllUses(of: old, with: sum) }
    rewriter.erase(node)
    return .applied
  }
}
