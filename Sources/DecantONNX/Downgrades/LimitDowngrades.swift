internal import DecantIR

/// Single numbers that older versions take as attributes: the limits of `Clip`, the fill of `Pad`, the ratio of `Dropout`.
enum LimitDowngrades {
  static let steps = [
    OpsetStep("Clip", 11, clip), OpsetStep("Pad", 11, pad), OpsetStep("Pad", 18, padAxes),
    OpsetStep("Dropout", 12, dropout), OpsetStep("Dropout", 10, mask),
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

  /// Pads of some axes become pads of all.
  private static func padAxes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    if let axes = try rewriter.integers(ofOperand: 3, of: node, as: "axes") {
      guard let pads = try rewriter.integers(ofOperand: 1, of: node, as: "pads"), pads.count == 2 * axes.count else {
        throw OpError("'pads' expected \(2 * axes.count) numbers")
      }
      guard let rank = rewriter.graph[node].operand(0).flatMap({ rewriter.graph.rank(of: $0) }) else {
        throw OpError("older versions take pads of all axes, and the rank is not known")
      }
      var all = [Int64](repeating: 0, count: 2 * rank)
      for (index, axis) in axes.enumerated() {
        let place = try normalizeAxis(Int(axis), rank: rank)
        all[place] = pads[index]
        all[rank + place] = pads[axes.count + index]
      }
      let old = rewriter.graph[node].operand(1)
      rewriter.putOperand(1, of: node, rewriter.sharedInitializer(Tensor(all), role: "pads"))
      if let old { rewriter.eraseUnread(old) }
    }
    rewriter.cutOperands(from: 3, of: node)
  }

  private static func dropout(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    if rewriter.graph[node].operand(2) != nil {
      guard let mode = rewriter.knownOperand(2, of: node)?.floats?.first, mode == 0 else {
        throw OpError("older versions only drop nothing")
      }
    }
    // A ratio that is computed says nothing where nothing is dropped.
    if let ratio = rewriter.knownOperand(1, of: node)?.floats?.first {
      rewriter.setAttribute(node, "ratio", .float(ratio))
    }
    rewriter.setAttribute(node, "seed", nil)
    rewriter.cutOperands(from: 1, of: node)
  }

  /// The mask had the type of the data.
  private static func mask(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let mask = rewriter.graph[node].result(1), rewriter.graph[mask].useCount > 0 else { return }
    rewriter.wrapResult(mask, of: node, suffix: "numbers") { mask, rewriter in
      rewriter.add("Cast", [mask], ["to": .int(Int64(DataType.bool.rawValue))], name: "mask", at: .after(node))
    }
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
