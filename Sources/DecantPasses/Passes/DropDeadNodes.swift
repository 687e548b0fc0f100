public import DecantIR

/// Drops nodes whose results nothing reads, and optional results that nothing reads.
///
/// Every operator is free of side effects, so a node without readers is dead whatever it is. One walk from the last node
/// to the first suffices, for a reader stands after what it reads. O(nodes + operands).
public struct DropDeadNodes: GraphPass {
  /// The name that users write.
  public static let name = "drop-dead-nodes"
  /// One line for help.
  public static let summary = "drop nodes, and optional results, that nothing reads"
  /// References in attributes do not matter to it.
  public static let acceptsReferences = true

  /// The pass.
  public init() {}

  /// Runs on one graph.
  public func run(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) {
    graph.edit { rewriter in
      for node in rewriter.graph.order.reversed() {
        if rewriter.isUnread(node) {
          if context.explains(node, in: rewriter.graph) {
            result.explain(rewriter.graph[node].name, Self.name, .applied)
          }
          rewriter.erase(node)
          result.applied("drop-dead-node")
        } else {
          dropResults(of: node, &rewriter, context, &result)
        }
      }
    }
  }

  private func dropResults(
    of node: NodeID, _ rewriter: inout Rewriter, _ context: PassContext, _ result: inout PassResult
  ) {
    guard rewriter.graph[node].results.count > 1,
      let schema = context.catalog.definition(of: rewriter.graph[node].op)?.schema
    else { return }
    for index in rewriter.graph[node].results.indices.reversed() {
      guard index < schema.results.count, case .optional = schema.results[index].arity,
        let value = rewriter.graph[node].result(index), rewriter.graph[value].useCount == 0
      else { continue }
      rewriter.dropResult(index, of: node)
      result.applied("drop-unread-result")
    }
  }
}
