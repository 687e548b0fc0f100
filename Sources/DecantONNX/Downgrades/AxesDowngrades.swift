internal import DecantIR

/// Axes, counts and ranges that older versions take as attributes.
enum AxesDowngrades {
  static let steps: [OpsetStep] =
    [
      OpsetStep("Squeeze", 13, axes), OpsetStep("Unsqueeze", 13, axes), OpsetStep("ReduceSum", 13, reduced),
      OpsetStep("Range", 27, sums), OpsetStep("Reshape", 14, zeros),
      OpsetStep("Slice", 10, slice), OpsetStep("TopK", 10, topK), OpsetStep("DFT", 20, transform),
    ] + AxesUpgrades.reductions.map { OpsetStep($0, 18, reduced) }
    + countedFromTheEnd.map { OpsetStep($0, 11, fromTheFront) }

  /// Operators whose axes may be negative from version 11 on.
  private static let countedFromTheEnd =
    [
      "ArgMax", "ArgMin", "Compress", "Concat", "Flatten", "Gather", "Hardmax", "LogSoftmax", "OneHot", "ReduceSum",
      "Softmax", "Split", "Squeeze", "TopK", "Unsqueeze",
    ] + AxesUpgrades.reductions

  private static func axes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let values = try rewriter.integers(ofOperand: 1, of: node, as: "axes") else { return }
    rewriter.setAttribute(node, "axes", .ints(values))
    rewriter.cutOperands(from: 1, of: node)
  }

  /// No axes are all axes, which `noop_with_empty_axes` says otherwise.
  private static func reduced(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let keepsAll = rewriter.graph[node].attributes.int("noop_with_empty_axes", default: 0) != 0
    let given = try rewriter.integers(ofOperand: 1, of: node, as: "axes") ?? []
    rewriter.setAttribute(node, "noop_with_empty_axes", nil)
    rewriter.cutOperands(from: 1, of: node)
    guard given.isEmpty else {
      rewriter.setAttribute(node, "axes", .ints(given))
      return
    }
    guard keepsAll else { return }
    guard ["ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"].contains(rewriter.graph[node].op.type)
    else { throw OpError("older versions have no attribute 'noop_with_empty_axes'") }
    rewriter.setAttribute(node, "keepdims", nil)
    rewriter.setOp(node, "Identity")
  }

  /// What half floats are summed in.
  private static func sums(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setAttribute(node, "stash_type", nil)
  }

  /// A zero copied an extent; a shape without one means the same, and so does one that is what it would copy.
  private static func zeros(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].attributes.int("allowzero", default: 0) != 0 else {
      rewriter.setAttribute(node, "allowzero", nil)
      return
    }
    if let shape = rewriter.knownOperand(1, of: node)?.integers {
      guard !shape.contains(0) else { throw OpError("older versions have no attribute 'allowzero'") }
    } else {
      let source = rewriter.graph.type(ofOperand: 0, of: node)?.shape
      guard let target = rewriter.graph[node].result(0).flatMap({ rewriter.graph[$0].type.shape }),
        target.dimensions.enumerated().allSatisfy({ axis, extent in
          if let number = extent.fixed { return number != 0 }
          return extent != .unknown && axis < source?.rank ?? 0 && source?[axis] == extent
        })
      else { throw OpError("older versions have no attribute 'allowzero', and 'shape' may hold a zero") }
    }
    rewriter.setAttribute(node, "allowzero", nil)
  }

  private static func slice(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    if let steps = try rewriter.integers(ofOperand: 4, of: node, as: "steps"), steps.contains(where: { $0 != 1 }) {
      throw OpError("older versions take no steps")
    }
    for (index, name) in [(1, "starts"), (2, "ends"), (3, "axes")] {
      guard let values = try rewriter.integers(ofOperand: index, of: node, as: name) else { continue }
      rewriter.setAttribute(node, name, .ints(values))
    }
    rewriter.cutOperands(from: 1, of: node)
  }

  private static func topK(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let count = try rewriter.integers(ofOperand: 1, of: node, as: "k")?.first else {
      throw OpError("operand 'K' is missing")
    }
    rewriter.setAttribute(node, "k", .int(count))
    rewriter.cutOperands(from: 1, of: node)
  }

  private static func transform(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let given = try rewriter.integers(ofOperand: 2, of: node, as: "axis")?.first
    guard
      let axis = given
        ?? rewriter.graph[node].operand(0).flatMap({ rewriter.graph.rank(of: $0) }).map({ Int64($0 - 2) })
    else { throw OpError("the axis is counted from the end of an unknown rank") }
    rewriter.setAttribute(node, "axis", .int(axis))
    rewriter.cutOperands(from: 2, of: node)
  }

  private static func fromTheFront(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let attributes = rewriter.graph[node].attributes
    let axis = attributes.int("axis")
    let axes = attributes.ints("axes")
    guard axis.map({ $0 < 0 }) ?? false || axes.map({ $0.contains { $0 < 0 } }) ?? false else { return }
    guard var rank = rewriter.graph[node].operand(0).flatMap({ rewriter.graph.rank(of: $0) }) else {
      throw OpError("older versions do not count axes from the end")
    }
    if rewriter.graph[node].op == "Unsqueeze" { rank += axes?.count ?? 0 }
    if let axis, axis < 0 { rewriter.setAttribute(node, "axis", .int(Int64(axis + rank))) }
    if let axes { rewriter.setAttribute(node, "axes", .ints(axes.map { Int64($0 < 0 ? $0 + rank : $0) })) }
  }
}
