public import DecantIR

/// Computes equal expressions once: nodes with the same operator, operands and attributes share the first one's results.
///
/// One walk in order merges whole trees, for operands are merged before their readers. Operators that draw random numbers
/// and nodes with subgraphs stay apart. Which node stays depends on the order alone. O(nodes + operands).
public struct MergeEqualSubexpressions: GraphPass {
  /// The name that users write.
  public static let name = "merge-equal-subexpressions"
  /// One line for help.
  public static let summary = "compute equal expressions once"
  /// References in attributes do not matter to it.
  public static let acceptsReferences = true

  /// The pass.
  public init() {}

  private struct Expression: Hashable {
    let op: OpName
    let operands: [ValueID?]
    let attributes: Attributes
    let resultCount: Int
  }

  /// Runs on one graph.
  public func run(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) {
    var seen: [Expression: NodeID] = [:]
    seen.reserveCapacity(graph.nodeCount)
    graph.edit { rewriter in
      for node in rewriter.graph.order {
        let op = rewriter.graph[node].op
        guard let schema = context.catalog.definition(of: op)?.schema, schema.isDeterministic,
          !rewriter.graph[node].attributes.holdGraphs
        else { continue }
        let expression = Expression(
          op: op, operands: rewriter.graph[node].operands, attributes: rewriter.graph[node].attributes,
          resultCount: rewriter.graph[node].results.count)
        guard let first = seen[expression] else {
          seen[expression] = node
          continue
        }
        guard merge(node, into: first, &rewriter) else { continue }
        result.applied(Self.name)
      }
    }
  }

  private func merge(_ node: NodeID, into first: NodeID, _ rewriter: inout Rewriter) -> Bool {
    let pairs = Array(zip(rewriter.graph[node].results, rewriter.graph[first].results))
    guard pairs.allSatisfy({ $0 == nil || $1 != nil }) else { return false }
    for case (let mine?, let theirs?) in pairs { rewriter.redirect(mine, to: theirs) }
    rewriter.erase(node)
    return true
  }
}
