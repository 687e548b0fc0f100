extension Graph {
  /// The body of a function for one call: each attribute that refers to the call's is replaced by the value that `given`
  /// has for it, or dropped when there is none. Subgraphs included.
  package func binding(_ given: Attributes) -> Graph {
    var graph = self
    graph.edit { rewriter in
      for node in rewriter.graph.order {
        for (name, value) in rewriter.graph[node].attributes {
          switch value {
          case .reference(let outer, _): rewriter.setAttribute(node, name, given[outer])
          case .graph(let inner): rewriter.setAttribute(node, name, .graph(inner.binding(given)))
          case .graphs(let inners): rewriter.setAttribute(node, name, .graphs(inners.map { $0.binding(given) }))
          default: break
          }
        }
      }
    }
    return graph
  }
}
