internal import DecantIR

/// Scales the sums of a product of codes in the product itself.
///
///     Given:  %s: i32[N,8] = MatMulInteger(%x, %w, %zx, %zw)
///             %y = Mul(Cast(%s) {to: f32}, Mul(%sx: f32[], %sw: f32[8]))
///     Result: %y = com.microsoft.MatMulIntegerToFloat(%x, %w, %sx, %sw, %zx, %zw)
///
/// The same arithmetic in the same order.
enum FuseScaledIntegerProduct {
  static let rule = RewriteRule("fuse-scaled-integer-product", roots: ["Mul"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let graph = rewriter.graph
    guard let index = [0, 1].first(where: { producer($0, of: node, "Cast", graph) != nil }),
      let cast = producer(index, of: node, "Cast", graph), let product = producer(0, of: cast, "MatMulInteger", graph),
      let scaling = producer(1 - index, of: node, "Mul", graph)
    else { return .skipped("it does not scale a product of codes") }
    guard graph[cast].attributes.int("to") == Int(DataType.float32.rawValue) else {
      return .skipped("sums become no f32")
    }
    guard isRead(product, by: cast, graph), isRead(cast, by: node, graph) else {
      return .skipped("the sums are read elsewhere")
    }
    guard let matrix = graph.constant(ofOperand: 1, of: product), matrix.rank == 2 else {
      return .skipped("the right side is no constant matrix")
    }
    let count = matrix.shape[1]
    guard let weight = [0, 1].first(where: { isWeightScale($0, of: scaling, count, graph) }),
      let rows = graph[scaling].operand(1 - weight), graph[rows].type == .tensor(.float32, []),
      let columns = graph[scaling].operand(weight)
    else { return .skipped("the factor is not a scalar times a constant for each column") }
    let (x, result) = (graph[product], graph[node].result(0).map { (graph[$0].name, graph[$0].type) })
    let fused = rewriter.add(
      .microsoft("MatMulIntegerToFloat"),
      [x.operand(0), x.operand(1), rows, columns, x.operand(2), x.operand(3)], name: graph[node].name,
      type: result?.1 ?? .unknown, at: .before(node))
    if let old = rewriter.graph[node].result(0) { rewriter.replaceAllUses(of: old, with: fused) }
    rewriter.eraseWithProducers(node)
    return .applied
  }

  private static func producer(_ index: Int, of node: NodeID, _ op: OpName, _ graph: Graph) -> NodeID? {
    guard let producer = graph.producer(ofOperand: index, of: node), graph[producer].op == op else { return nil }
    return producer
  }

  private static func isRead(_ node: NodeID, by reader: NodeID, _ graph: Graph) -> Bool {
    graph[node].result(0).map { graph.onlyConsumer(of: $0) == reader } ?? false
  }

  private static func isWeightScale(_ index: Int, of node: NodeID, _ count: Int, _ graph: Graph) -> Bool {
    guard let scale = graph.constant(ofOperand: index, of: node), scale.dataType == .float32 else { return false }
    return scale.elementCount == 1 && scale.rank <= 1 || scale.shape == [count]
  }
}
