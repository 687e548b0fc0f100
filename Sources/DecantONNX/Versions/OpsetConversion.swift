internal import DecantBytes
internal import DecantIR

/// One change of an operator's form between versions of its operator set.
struct OpsetStep: Sendable {
  /// Brings one node over the change, in place.
  typealias Run = @Sendable (NodeID, inout Rewriter) throws(OpError) -> Void

  /// The operator.
  let op: OpName
  /// The version that brought the change.
  let since: Int
  /// Upgrades: from the form before to the form of `since`. Downgrades: back again; throwing means that the node cannot
  /// be said in the older form.
  let run: Run

  init(_ op: String, domain: String = "", _ since: Int, _ run: @escaping Run) {
    self.op = OpName(op, domain: domain)
    self.since = since
    self.run = run
  }
}

/// A node that the asked version cannot express.
struct OpsetTooLow: Error {
  /// The lowest version that can.
  let needed: Int
  /// The node's name and operator, and why.
  let reason: String
}

/// Brings graphs from the version of a file to the pinned one, and back.
enum OpsetConversion {
  private static let upgrades = table(UpgradeCatalog.steps) { $0.since < $1.since }
  private static let downgrades = table(DowngradeCatalog.steps) { $0.since > $1.since }

  private static func table(
    _ steps: [OpsetStep], by isBefore: (OpsetStep, OpsetStep) -> Bool
  ) -> [OpName: [OpsetStep]] {
    Dictionary(grouping: steps, by: \.op).mapValues { $0.sorted(by: isBefore) }
  }

  /// Brings every node of `graph` from the versions of `opsets` to the pinned ones. Subgraphs have been brought there before.
  static func upgrade(_ graph: inout Graph, from opsets: Opsets, reporter: any Reporter) throws(DecantError) {
    let pending = graph.order.filter { node in
      let op = graph[node].op
      guard let version = opsets.version(of: op.domain), let steps = upgrades[op] else { return false }
      return steps.contains { $0.since > version }
    }
    guard !pending.isEmpty else { return }
    try graph.edit { (rewriter: inout Rewriter) throws(DecantError) in
      for node in pending {
        do throws(OpError) {
          try upgrade(node, from: opsets, &rewriter)
        } catch {
          let subject = rewriter.graph[node]
          throw DecantError(error, at: ["node '\(subject.name)' (\(subject.op))"])
        }
      }
    }
  }

  private static func upgrade(_ node: NodeID, from opsets: Opsets, _ rewriter: inout Rewriter) throws(OpError) {
    guard var version = opsets.version(of: rewriter.graph[node].op.domain) else { return }
    while let steps = upgrades[rewriter.graph[node].op], let next = steps.first(where: { $0.since > version }) {
      version = next.since
      for step in steps where step.since == version { try step.run(node, &rewriter) }
    }
  }

  /// Brings every node of `graph`, those of subgraphs included, to version `opset`.
  static func downgrade(_ graph: inout Graph, to opset: Int) throws(OpsetTooLow) {
    guard opset < Model.pinnedOpset else { return }
    let pending = graph.order.filter { changes(graph[$0], before: opset) }
    guard !pending.isEmpty else { return }
    try graph.edit { (rewriter: inout Rewriter) throws(OpsetTooLow) in
      for node in pending where rewriter.graph.contains(node) {
        try downgradeSubgraphs(of: node, to: opset, &rewriter)
        guard rewriter.graph[node].op.domain.isEmpty else { continue }
        try downgrade(node, to: opset, &rewriter)
      }
    }
  }

  /// Whether anything about the node may have another form at version `opset`.
  private static func changes(_ node: Node, before opset: Int) -> Bool {
    if node.op.domain.isEmpty {
      if downgrades[node.op] != nil { return true }
      if let first = OpsetTable.versions(of: node.op)?.first, first > opset { return true }
    }
    return !node.attributes.isEmpty && !node.subgraphs.isEmpty
  }

  private static func downgrade(_ node: NodeID, to opset: Int, _ rewriter: inout Rewriter) throws(OpsetTooLow) {
    var version = Model.pinnedOpset + 1
    while let steps = downgrades[rewriter.graph[node].op],
      let next = steps.first(where: { $0.since < version && $0.since > opset })
    {
      version = next.since
      for step in steps where step.since == version {
        do throws(OpError) {
          try step.run(node, &rewriter)
        } catch {
          throw tooLow(node, version, error.message, rewriter.graph)
        }
      }
      guard rewriter.graph.contains(node) else { return }
    }
    let op = rewriter.graph[node].op
    if let first = OpsetTable.versions(of: op)?.first, first > opset {
      throw tooLow(node, first, "the operator exists from opset \(first) on", rewriter.graph)
    }
  }

  private static func tooLow(_ node: NodeID, _ needed: Int, _ why: String, _ graph: Graph) -> OpsetTooLow {
    OpsetTooLow(needed: needed, reason: "node '\(graph[node].name)' (\(graph[node].op)): \(why)")
  }

  private static func downgradeSubgraphs(
    of node: NodeID, to opset: Int, _ rewriter: inout Rewriter
  ) throws(OpsetTooLow) {
    let attributes = rewriter.graph[node].attributes.filter { $0.value.kind == .graph || $0.value.kind == .graphs }
    for (name, value) in attributes {
      switch value {
      case .graph(var graph):
        try downgrade(&graph, to: opset)
        rewriter.setAttribute(node, name, .graph(graph))
      case .graphs(var graphs):
        for index in graphs.indices { try downgrade(&graphs[index], to: opset) }
        rewriter.setAttribute(node, name, .graphs(graphs))
      default: break
      }
    }
  }
}
