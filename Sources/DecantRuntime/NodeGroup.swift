internal import DecantIR

/// Nodes that a plan computes in one step where a backend can: a root, and a chain of nodes that each read the result of the
/// one before it and nothing else does.
struct NodeGroup {
  /// The root first.
  private(set) var nodes: [NodeID]

  /// The nodes of `graph` that are `needed`, in groups, each at the place of its last node: there all that it reads is known.
  /// Values that are outputs end a group.
  static func groups(
    of graph: Graph, needed: Set<NodeID>, _ environment: PlanEnvironment
  ) -> [NodeGroup] {
    var groups: [NodeGroup] = []
    var claimed: Set<NodeID> = []
    for node in graph.order where needed.contains(node) && !claimed.contains(node) {
      var group = NodeGroup(nodes: [node])
      var chain = [graph[node].op]
      guard FunctionCall.function(called: graph[node], environment) == nil else {
        groups.append(group)
        continue
      }
      while let next = follower(of: group.nodes[group.nodes.count - 1], in: graph), !claimed.contains(next),
        environment.fuses(graph[next].op, after: chain),
        FunctionCall.function(called: graph[next], environment) == nil
      {
        group.nodes.append(next)
        chain.append(graph[next].op)
      }
      claimed.formUnion(group.nodes.dropFirst())
      groups.append(group)
    }
    guard !claimed.isEmpty else { return groups }
    let places = Dictionary(uniqueKeysWithValues: graph.order.enumerated().map { ($1, $0) })
    func place(_ group: NodeGroup) -> Int { group.nodes.last.flatMap { places[$0] } ?? 0 }
    return groups.sorted { place($0) < place($1) }
  }

  /// The node that alone reads the only result of `node`, once.
  private static func follower(of node: NodeID, in graph: Graph) -> NodeID? {
    guard graph[node].results.count == 1, case let result? = graph[node].results[0],
      graph[result].useCount == 1, let next = graph.onlyConsumer(of: result),
      graph[next].results.count == 1, graph[next].results[0] != nil, graph[next].captureCount == 0,
      !graph[next].attributes.holdGraphs
    else { return nil }
    return next
  }
}
