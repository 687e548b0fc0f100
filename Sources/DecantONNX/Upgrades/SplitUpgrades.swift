internal import DecantIR

/// The parts of `Split`: their sizes became an operand, and their number an attribute where there are no sizes.
enum SplitUpgrades {
  static let steps = [OpsetStep("Split", 13, sizes), OpsetStep("Split", 18, count)]

  private static func sizes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.moveToOperand("split", 1, of: node)
  }

  private static func count(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].operand(1) == nil else { return }
    rewriter.setAttribute(node, "num_outputs", .int(Int64(rewriter.graph[node].results.count)))
  }
}
