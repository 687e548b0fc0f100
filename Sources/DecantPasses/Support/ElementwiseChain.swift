internal import DecantIR

/// Element-wise nodes in a row, each the only reader of the one before, behind a node that moves elements.
struct ElementwiseChain {
  /// The node that moves elements; the chain is the only reader of its result.
  let start: NodeID
  /// What `start` reads.
  let source: ValueID
  /// The element-wise nodes, first to last; at least one.
  let nodes: [NodeID]
  /// The result of the last.
  let last: ValueID

  /// How many nodes are followed back.
  private static let limit = 16

  /// The chain that ends at operand 0 of `node` and begins behind an operator of `starts`.
  init?(before node: NodeID, from starts: Set<OpName>, in graph: Graph) {
    guard let last = graph[node].operand(0) else { return nil }
    var nodes: [NodeID] = []
    var (value, reader) = (last, node)
    while nodes.count <= ElementwiseChain.limit {
      guard let producer = graph[value].producer, graph.isOnlyRead(value, by: reader),
        let operand = graph[producer].operand(0)
      else { return nil }
      if starts.contains(graph[producer].op) {
        guard !nodes.isEmpty else { return nil }
        start = producer
        source = operand
        self.nodes = nodes.reversed()
        self.last = last
        return
      }
      guard ElementwiseChain.isElementwise(producer, in: graph) else { return nil }
      nodes.append(producer)
      (value, reader) = (operand, producer)
    }
    return nil
  }

  /// Lets the chain read ``source``, whose shape its values then take, and erases ``start``.
  func attach(_ rewriter: inout Rewriter, shape: Shape?) {
    for node in nodes {
      guard let result = rewriter.graph[node].result(0) else { continue }
      rewriter.setType(result, .tensor(TensorType(rewriter.graph[result].type.dataType, shape)))
    }
    if let first = nodes.first { rewriter.exchange(operand: 0, of: first, for: source) }
  }

  /// Whether `node` maps each element of operand 0 on its own. Other operands have to be scalars, for a vector would
  /// meet other axes.
  private static func isElementwise(_ node: NodeID, in graph: Graph) -> Bool {
    guard graph[node].results.count == 1 else { return false }
    if OperatorSets.elementwise.contains(graph[node].op) { return true }
    guard OperatorSets.arithmetic.contains(graph[node].op), graph[node].operands.count == 2 else { return false }
    return graph.shape(of: graph[node].operand(1))?.rank == 0
  }
}
