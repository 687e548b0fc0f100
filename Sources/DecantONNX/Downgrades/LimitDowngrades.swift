internal import DecantIR

/// Single numbers that older versions take as attributes: the limits of `Clip`, the fill of `Pad`, the ratio of `Dropout`.
enum LimitDowngrades {
  static let steps = [
    OpsetStep("Clip", 11, clip), OpsetStep("Pad", 11, pad), OpsetStep("Pad", 18, padAxes),
    OpsetStep("Pad", 19, padMode), OpsetStep("Dropout", 12, dropout),
  ]

  private static func clip(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    for (index, name) in [(1, "min"), (2, "max")] {
      guard let limit = try float(ofOperand: index, of: node, as: name, rewriter) else { continue }
      rewriter.setAttribute(node, name, .float(limit))
    }
    rewriter.cutOperands(from: 1, of: node)
  }

  private static func pad(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let pads = try rewriter.integers(ofOperand: 1, of: node, as: "pads") else {
      throw OpError("operand 'pads' is missing")
    }
    if let fill = try float(ofOperand: 2, of: node, as: "value", rewriter) {
      rewriter.setAttribute(node, "value", .float(fill))
    }
    rewriter.setAttribute(node, "pads", .ints(pads))
    rewriter.cutOperands(from: 1, of: node)
  }

  private static func padAxes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].operand(3) == nil else { throw OpError("older versions take no axes") }
    rewriter.cutOperands(from: 3, of: node)
  }

  private static func padMode(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].attributes.string("mode") != "wrap" else {
      throw OpError("older versions have no mode 'wrap'")
    }
  }

  private static func dropout(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    if rewriter.graph[node].operand(2) != nil {
      guard let mode = rewriter.knownOperand(2, of: node)?.floats?.first, mode == 0 else {
        throw OpError("older versions only drop nothing")
      }
    }
    if let ratio = try float(ofOperand: 1, of: node, as: "ratio", rewriter) {
      rewriter.setAttribute(node, "ratio", .float(ratio))
    }
    rewriter.setAttribute(node, "seed", nil)
    rewriter.cutOperands(from: 1, of: node)
  }

  private static func float(
    ofOperand index: Int, of node: NodeID, as name: String, _ rewriter: borrowing Rewriter
  ) throws(OpError) -> Float? {
    guard rewriter.graph[node].operand(index) != nil else { return nil }
    guard let value = rewriter.knownOperand(index, of: node)?.floats?.first else {
      throw OpError("'\(name)' is computed, and older versions take a constant")
    }
    return value
  }
}
