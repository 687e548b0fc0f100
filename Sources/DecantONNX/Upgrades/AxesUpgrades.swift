internal import DecantIR

/// Axes, counts and ranges that became operands.
enum AxesUpgrades {
  static let steps: [OpsetStep] =
    [
      OpsetStep("Squeeze", 13, axes), OpsetStep("Unsqueeze", 13, axes), OpsetStep("ReduceSum", 13, axes),
      OpsetStep("Slice", 10, slice), OpsetStep("TopK", 10, topK), OpsetStep("DFT", 20, transform),
    ] + reductions.map { OpsetStep($0, 18, axes) }

  /// The reductions whose axes became an operand in version 18.
  static let reductions = [
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
    "ReduceSumSquare",
  ]

  private static func axes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.moveToOperand("axes", 1, of: node)
  }

  private static func slice(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    for name in ["starts", "ends"] where rewriter.graph[node].attributes.ints(name) == nil {
      throw OpError("attribute '\(name)' is missing")
    }
    rewriter.moveToOperand("starts", 1, of: node)
    rewriter.moveToOperand("ends", 2, of: node)
    rewriter.moveToOperand("axes", 3, of: node)
  }

  private static func topK(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let count = rewriter.graph[node].attributes.int("k") else { throw OpError("attribute 'k' is missing") }
    rewriter.putOperand(1, of: node, rewriter.sharedInitializer(Tensor([Int64(count)]), role: "k"))
    rewriter.setAttribute(node, "k", nil)
  }

  /// The axis had the default 1, and has -2 since it is an operand.
  private static func transform(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let axis = rewriter.graph[node].attributes.int("axis", default: 1)
    rewriter.putOperand(2, of: node, rewriter.sharedInitializer(Tensor(scalar: Int64(axis)), role: "axis"))
    rewriter.setAttribute(node, "axis", nil)
  }
}
