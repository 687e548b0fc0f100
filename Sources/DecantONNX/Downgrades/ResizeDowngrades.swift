internal import DecantIR

/// Resizing as older versions spell it: with empty operands, without a choice of places, and as `Upsample`.
enum ResizeDowngrades {
  static let steps = [
    OpsetStep("Resize", 13, filled), OpsetStep("Resize", 11, places), OpsetStep("Resize", 10, rename),
    OpsetStep("Upsample", 9, scales),
  ]

  private static func filled(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    for (index, role) in [(1, "no_roi"), (2, "no_scales")] where rewriter.graph[node].operand(index) == nil {
      rewriter.putOperand(index, of: node, rewriter.sharedInitializer(Tensor([Float]()), role: role))
    }
  }

  private static func places(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let attributes = rewriter.graph[node].attributes
    let mode = attributes.string("mode") ?? "nearest"
    guard mode != "cubic", rewriter.graph[node].operand(3) == nil, let scales = rewriter.graph[node].operand(2),
      attributes.string("coordinate_transformation_mode") == "asymmetric",
      mode != "nearest" || attributes.string("nearest_mode") == "floor"
    else { throw OpError("older versions only resize by scales, asymmetrically and rounding down") }
    let roi = rewriter.graph[node].operand(1)
    rewriter.setOperands(node, [rewriter.graph[node].operand(0), scales])
    if let roi { rewriter.eraseUnread(roi) }
    for name in [
      "coordinate_transformation_mode", "nearest_mode", "cubic_coeff_a", "exclude_outside", "extrapolation_value",
    ] {
      rewriter.setAttribute(node, name, nil)
    }
  }

  private static func rename(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setOp(node, "Upsample")
  }

  private static func scales(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let scales = rewriter.knownOperand(1, of: node)?.floats else {
      throw OpError("the scales are computed, and older versions take a constant")
    }
    rewriter.setAttribute(node, "scales", .floats(scales))
    rewriter.cutOperands(from: 1, of: node)
  }
}
