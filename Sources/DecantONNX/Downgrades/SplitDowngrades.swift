internal import DecantIR

/// The parts of `Split`, which older versions take as an attribute.
enum SplitDowngrades {
  static let steps = [OpsetStep("Split", 13, sizes), OpsetStep("Split", 18, count)]

  private static func sizes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let sizes = try rewriter.integers(ofOperand: 1, of: node, as: "split") else { return }
    rewriter.setAttribute(node, "split", .ints(sizes))
    rewriter.cutOperands(from: 1, of: node)
  }

  private static func count(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let count = rewriter.graph[node].attributes.int("num_outputs") else { return }
    guard count == rewriter.graph[node].results.count else {
      throw OpError("'num_outputs' expected to be \(rewriter.graph[node].results.count), got \(count)")
    }
    rewriter.setAttribute(node, "num_outputs", nil)
  }
}
