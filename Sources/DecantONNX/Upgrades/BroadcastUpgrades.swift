internal import DecantIR

/// Broadcasting as it was before version 7: by request only, and from an axis on.
///
/// Given: `%y = Add(%a, %b) {broadcast: 1, axis: 1}`, where `%a` has 4 axes and `%b` 1.
/// Result: `%y = Add(%a, Unsqueeze(%b, [1, 2]))`.
enum BroadcastUpgrades {
  static let steps =
    ["Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor"].map { OpsetStep($0, 7, align) }
    + [OpsetStep("Gemm", 7, forget), OpsetStep("PRelu", 7, slope)]

  private static func align(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let attributes = rewriter.graph[node].attributes
    if attributes.int("broadcast", default: 0) != 0, let axis = attributes.int("axis") {
      try extend(node, from: axis, &rewriter)
    }
    try forget(node, &rewriter)
  }

  private static func forget(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    rewriter.setAttribute(node, "broadcast", nil)
    rewriter.setAttribute(node, "axis", nil)
  }

  /// A slope for each channel stood as a vector.
  private static func slope(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let slope = rewriter.graph[node].operand(1) else { throw OpError("operand 1 is missing") }
    guard rewriter.graph.rank(of: slope) == 1, rewriter.graph.knownConstant(slope)?.elementCount != 1 else { return }
    try extend(node, from: 1, &rewriter)
  }

  /// Gives operand 1 axes of extent 1 at its end, so that its first axis meets axis `axis` of operand 0.
  private static func extend(_ node: NodeID, from axis: Int, _ rewriter: inout Rewriter) throws(OpError) {
    guard let whole = rewriter.graph[node].operand(0), let part = rewriter.graph[node].operand(1) else {
      throw OpError("expected two operands")
    }
    let (rank, partRank) = (rewriter.graph.rank(of: whole), rewriter.graph.rank(of: part))
    guard let rank, let partRank else {
      guard axis >= 0 else { throw OpError("'axis' \(axis) of operands of unknown rank", kind: .unsupported) }
      rewriter.setOperand(1, of: node, to: extended(part, toMeet: whole, from: axis, at: node, &rewriter))
      return
    }
    let start = axis < 0 ? axis + rank : axis
    let missing = rank - start - partRank
    guard start >= 0, missing >= 0 else {
      throw OpError("'axis' expected in \(-rank)...\(rank - partRank), got \(axis)")
    }
    guard missing > 0 else { return }
    let axes = (partRank..<partRank + missing).map { Int64($0) }
    rewriter.setOperand(
      1, of: node,
      to: rewriter.add(
        "Unsqueeze", [part, rewriter.sharedInitializer(Tensor(axes), role: "axes")],
        name: "\(rewriter.graph[part].name)_aligned", at: .before(node)))
  }

  /// The same where the ranks are known at run time only: the shape of `part`, and ones behind it.
  private static func extended(
    _ part: ValueID, toMeet whole: ValueID, from axis: Int, at node: NodeID, _ rewriter: inout Rewriter
  ) -> ValueID {
    let name = rewriter.graph[part].name
    func add(_ op: OpName, _ operands: [ValueID], _ attributes: Attributes = [:], _ suffix: String) -> ValueID {
      rewriter.add(op, operands, attributes, name: "\(name)_\(suffix)", at: .before(node))
    }
    let shape = add("Shape", [part], [:], "shape")
    let rank = add("Size", [add("Shape", [whole], [:], "whole_shape")], [:], "whole_rank")
    let taken = add(
      "Add", [add("Size", [shape], [:], "rank"), rewriter.addInitializer("axis", Tensor(scalar: Int64(axis)))], [:],
      "taken")
    let zero = rewriter.sharedInitializer(Tensor([Int64(0)]), role: "axes")
    let missing = add("Unsqueeze", [add("Sub", [rank, taken], [:], "missing"), zero], [:], "missing_shape")
    let ones = add("ConstantOfShape", [missing], ["value": .tensor(Tensor([Int64(1)]))], "ones")
    return add("Reshape", [part, add("Concat", [shape, ones], ["axis": .int(0)], "aligned_shape")], [:], "aligned")
  }
}
