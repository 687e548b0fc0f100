public import DecantBytes
public import DecantIR

/// Applies rewrite rules until none applies: one worklist in topological order, to which only the neighbours of an edit
/// come back.
public struct RewriteDriver: Sendable {
  private let rules: [RewriteRule]
  private let byRoot: [OpName: [Int]]

  /// With `rules`; at one node they are tried in this order.
  public init(_ rules: [RewriteRule]) {
    self.rules = rules
    var byRoot: [OpName: [Int]] = [:]
    for (index, rule) in rules.enumerated() {
      for root in rule.roots { byRoot[root, default: []].append(index) }
    }
    self.byRoot = byRoot
  }

  /// More applications than this, for each node that the graph began with, are taken for rules that undo one another.
  static let applicationsPerNode = 64

  /// Rewrites `graph`, without its subgraphs, and counts in `result`.
  ///
  /// Linear in nodes plus applications. When rules do not come to rest, it stops with a warning: the graph is valid at any
  /// time.
  ///
  /// - Throws: ``DecantError`` that names the node at which a rule failed.
  public func run(
    on graph: inout Graph, _ context: PassContext, _ result: inout PassResult
  ) throws(DecantError) {
    var remaining = (graph.nodeCount + 16) * RewriteDriver.applicationsPerNode
    try graph.edit { (rewriter) throws(DecantError) in
      _ = rewriter.takeTouched()
      var appliedInRound = true
      while appliedInRound {
        appliedInRound = false
        var worklist = Worklist(rewriter.graph.order)
        while let node = worklist.pop() {
          guard rewriter.graph.contains(node), try visit(node, &rewriter, context, &result) else { continue }
          appliedInRound = true
          worklist.push(neighboursOfEdit: rewriter.takeTouched(), in: rewriter.graph)
          remaining -= 1
          guard remaining > 0 else {
            context.reporter.warn(
              "the rules did not come to rest in graph '\(rewriter.graph.name)'; the rest is left as it is")
            return
          }
        }
      }
    }
  }

  /// Tries the rules at `node` until one applies; whether one did. Dead nodes are left to ``DropDeadNodes``.
  private func visit(
    _ node: NodeID, _ rewriter: inout Rewriter, _ context: PassContext, _ result: inout PassResult
  ) throws(DecantError) -> Bool {
    guard let candidates = byRoot[rewriter.graph[node].op], !rewriter.isUnread(node) else { return false }
    let isExplained = context.explains(node, in: rewriter.graph)
    let name = isExplained ? rewriter.graph[node].name : ""
    for index in candidates {
      let rule = rules[index]
      let outcome: RewriteOutcome
      do throws(OpError) {
        outcome = try rule.rewrite(node, &rewriter)
      } catch {
        let place = rewriter.graph.contains(node) ? "node '\(rewriter.graph[node].name)'" : "an erased node"
        throw DecantError(error, at: ["rule '\(rule.name)'", place])
      }
      if isExplained { result.explain(name, rule.name, outcome) }
      switch outcome {
      case .applied:
        result.applied(rule.name)
        return true
      case .skipped(let reason):
        result.skipped(rule.name, reason)
      }
    }
    return false
  }
}

/// Nodes to visit, first in, first out, each at most once at a time.
private struct Worklist {
  private var queue: [NodeID]
  private var head = 0
  /// The generation that waits in the queue, by slot.
  private var waiting: [UInt32] = []

  private static let none = UInt32.max
  /// Readers of a result with more uses than this wait for the next round: else one edit of a value that all nodes read
  /// would bring all of them back.
  private static let fanOutLimit = 8

  init(_ order: [NodeID]) {
    queue = []
    queue.reserveCapacity(order.count * 2)
    for node in order { push(node) }
  }

  mutating func pop() -> NodeID? {
    guard head < queue.count else { return nil }
    let node = queue[head]
    head += 1
    if waiting[Int(node.index)] == node.generation { waiting[Int(node.index)] = Worklist.none }
    return node
  }

  mutating func push(_ node: NodeID) {
    let index = Int(node.index)
    while waiting.count <= index { waiting.append(Worklist.none) }
    guard waiting[index] != node.generation else { return }
    waiting[index] = node.generation
    queue.append(node)
  }

  /// Brings back the touched nodes, and the readers of their results: patterns reach that far up.
  mutating func push(neighboursOfEdit touched: [NodeID], in graph: Graph) {
    for node in touched where graph.contains(node) {
      push(node)
      for result in graph[node].results {
        guard let result, graph[result].useCount <= Worklist.fanOutLimit else { continue }
        for use in graph.uses(of: result) {
          if let reader = use.node { push(reader) }
        }
      }
    }
  }
}
