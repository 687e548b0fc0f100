extension Graph {
  /// What a node goes by: its name, or that of its first result.
  package func label(of id: NodeID) -> String {
    let node = self[id]
    guard node.name.isEmpty else { return node.name }
    return node.results.lazy.compactMap { $0 }.first.map { self[$0].name } ?? ""
  }

  /// Gives each graph inside the nodes of this one to `edit`, with the node that holds it, and puts back what it makes of it.
  package mutating func editSubgraphs<Failure: Error>(
    _ edit: (NodeID, inout Graph) throws(Failure) -> Void
  ) throws(Failure) {
    for node in order where self[node].attributes.holdGraphs {
      for (name, value) in self[node].attributes {
        switch value {
        case .graph(var inner):
          try edit(node, &inner)
          self.edit { $0.setAttribute(node, name, .graph(inner)) }
        case .graphs(var inners):
          for index in inners.indices { try edit(node, &inners[index]) }
          self.edit { $0.setAttribute(node, name, .graphs(inners)) }
        default: continue
        }
      }
    }
  }
}
