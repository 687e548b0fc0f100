internal import DecantBytes
internal import DecantIR

/// Brings graphs from the version of a file to the pinned one.
enum Upgrade {
  private static let upgrades = Dictionary(grouping: UpgradeCatalog.steps, by: \.op).mapValues {
    $0.sorted { $0.since < $1.since }
  }

  /// Brings every node of `graph` from the versions of `opsets` to the pinned ones. Subgraphs have been brought there before.
  static func run(_ graph: inout Graph, from opsets: Opsets, reporter: any Reporter) throws(DecantError) {
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
}
