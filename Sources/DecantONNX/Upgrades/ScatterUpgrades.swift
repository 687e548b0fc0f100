internal import DecantIR

/// `Scatter`, which is now called `ScatterElements`.
enum ScatterUpgrades {
  static let steps = [OpsetStep("Scatter", 11, rename)]

  private static func rename(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setOp(node, "ScatterElements")
  }
}
