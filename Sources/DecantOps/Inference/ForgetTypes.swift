package import DecantIR

extension Graph {
  /// Forgets what is said of the types of computed values, in subgraphs too, so that inference finds them from the inputs on.
  ///
  /// Results of operators that `catalog` does not know keep their types, for nothing else tells them.
  package mutating func forgetResultTypes(catalog: any OpCatalog = StandardOps()) {
    edit { rewriter in
      for node in rewriter.graph.order where catalog.definition(of: rewriter.graph[node].op) != nil {
        for case let result? in rewriter.graph[node].results { rewriter.setType(result, .unknown) }
      }
    }
    editSubgraphs { $1.forgetResultTypes(catalog: catalog) }
  }
}
