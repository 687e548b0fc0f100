internal import DecantIR

/// The sizes of the parts of `Split`, which became an operand. Where there are none, the parts are equal: in memory that is
/// the form without `num_outputs`, which newer versions lack.
enum SplitUpgrades {
  static let steps = [OpsetStep("Split", 13, sizes)]

  private static func sizes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.moveToOperand("split", 1, of: node)
  }
}
