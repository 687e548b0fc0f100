internal import DecantWire

/// Finds the names that a subgraph takes from the graphs around it.
enum Captures {
  /// The names that `subgraphs` read and do not define, each once, in the order of their first use.
  ///
  /// Depth is bounded by the wire's nesting limit.
  static func free(in subgraphs: [GraphProto]) -> [String] {
    var names: [String] = []
    var seen: Set<String> = []
    for graph in subgraphs {
      for name in free(in: graph) where seen.insert(name).inserted { names.append(name) }
    }
    return names
  }

  private static func free(in graph: GraphProto) -> [String] {
    var defined: Set<String> = [""]
    for input in graph.input { defined.insert(input.name ?? "") }
    for tensor in graph.initializer { defined.insert(tensor.name ?? "") }
    for tensor in graph.sparseInitializer { defined.insert(tensor.values?.name ?? "") }
    for node in graph.node { defined.formUnion(node.output) }
    var names: [String] = []
    for node in graph.node {
      for name in node.input where defined.insert(name).inserted { names.append(name) }
      for name in free(in: subgraphs(of: node)) where defined.insert(name).inserted { names.append(name) }
    }
    for output in graph.output {
      guard let name = output.name, defined.insert(name).inserted else { continue }
      names.append(name)
    }
    return names
  }

  /// The subgraphs among a node's attributes, sorted by the attributes' names.
  static func subgraphs(of node: NodeProto) -> [GraphProto] {
    let holders = node.attribute.filter { $0.g != nil || !$0.graphs.isEmpty }
    guard !holders.isEmpty else { return [] }
    var graphs: [GraphProto] = []
    for attribute in holders.sorted(by: { $0.name ?? "" < $1.name ?? "" }) {
      if let graph = attribute.g?.value { graphs.append(graph) }
      graphs += attribute.graphs
    }
    return graphs
  }
}
