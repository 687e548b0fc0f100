internal import DecantIR

/// Resizing: `Upsample` became `Resize`, whose places are now chosen by attributes.
enum ResizeUpgrades {
  static let steps = [
    OpsetStep("Upsample", 9, scales), OpsetStep("Upsample", 10, rename), OpsetStep("Resize", 11, places),
    OpsetStep("Resize", 13, optional),
  ]

  private static func scales(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let scales = rewriter.graph[node].attributes.floats("scales") else {
      throw OpError("attribute 'scales' is missing")
    }
    rewriter.putOperand(1, of: node, rewriter.addInitializer("scales", Tensor(scales)))
    rewriter.setAttribute(node, "scales", nil)
  }

  private static func rename(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setOp(node, "Resize")
  }

  /// Before, coordinates were divided by the scale and rounded down.
  private static func places(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let scales = rewriter.graph[node].operand(1)
    rewriter.setOperands(node, [rewriter.graph[node].operand(0), nil, scales])
    rewriter.setAttribute(node, "coordinate_transformation_mode", .string("asymmetric"))
    if rewriter.graph[node].attributes.string("mode") ?? "nearest" == "nearest" {
      rewriter.setAttribute(node, "nearest_mode", .string("floor"))
    }
  }

  /// Operands that had to stand, if only without elements, may be left out.
  private static func optional(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    for index in [1, 2] where rewriter.knownOperand(index, of: node)?.elementCount == 0 {
      guard let value = rewriter.graph[node].operand(index) else { continue }
      rewriter.setOperand(index, of: node, to: nil)
      rewriter.eraseUnread(value)
    }
  }
}
