internal import DecantIR

/// The parts of `Split`, which older versions take as an attribute.
enum SplitDowngrades {
  static let steps = [OpsetStep("Split", 13, sizes), OpsetStep("Split", 18, count)]

  /// States the number of parts where they are equal, and the graph in memory leaves it out: opset 18 and later want it.
  static func stateCounts(_ graph: inout Graph) {
    for id in graph.order {
      let node = graph[id]
      if isCounted(node) { graph.edit { $0.setAttribute(id, "num_outputs", .int(Int64(node.results.count))) } }
      for (name, value) in node.attributes {
        guard case .graph(var inner) = value, holdsCounted(inner) else { continue }
        stateCounts(&inner)
        graph.edit { [inner] in $0.setAttribute(id, name, .graph(inner)) }
      }
    }
  }

  /// Whether the number of results alone says how many parts there are.
  private static func isCounted(_ node: Node) -> Bool {
    node.op == "Split" && node.operand(1) == nil && node.attributes["num_outputs"] == nil
  }

  private static func holdsCounted(_ graph: Graph) -> Bool {
    graph.order.contains { id in
      isCounted(graph[id]) || !graph[id].attributes.isEmpty && graph[id].subgraphs.contains { holdsCounted($0.graph) }
    }
  }

  private static func sizes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let sizes = try rewriter.integers(ofOperand: 1, of: node, as: "split") else { return }
    rewriter.setAttribute(node, "split", .ints(sizes))
    rewriter.cutOperands(from: 1, of: node)
  }

  private static func count(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let count = rewriter.graph[node].attributes.int("num_outputs") else { return }
    guard count == rewriter.graph[node].results.count else {
      throw OpError("'num_outputs' expected to be \(rewriter.graph[node].results.count), got \(count)")
    }
    rewriter.setAttribute(node, "num_outputs", nil)
    // Older versions split evenly; where the last part is smaller, all sizes are said.
    guard rewriter.graph[node].operand(1) == nil, count > 0,
      let shape = rewriter.graph.type(ofOperand: 0, of: node)?.shape,
      let axis = try? normalizeAxis(rewriter.graph[node].attributes.int("axis", default: 0), rank: shape.rank),
      let extent = shape[axis].fixed, extent % count != 0
    else { return }
    let size = extent / count + 1
    let sizes = (0..<count).map { Int64(min(size, max(extent - $0 * size, 0))) }
    rewriter.putOperand(1, of: node, rewriter.sharedInitializer(Tensor(sizes), role: "split"))
  }
}
