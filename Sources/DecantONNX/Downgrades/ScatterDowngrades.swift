internal import DecantIR

/// `ScatterElements`, once called `Scatter`.
enum ScatterDowngrades {
  static let steps = [OpsetStep("ScatterElements", 11, rename)]

  private static func rename(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setOp(node, "Scatter")
  }
}
