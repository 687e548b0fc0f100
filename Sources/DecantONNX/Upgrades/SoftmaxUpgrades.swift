internal import DecantIR

/// `Softmax` and its kin, which once worked on a matrix of what lies before and after the axis.
///
/// Given: `%y = Softmax(%x) {axis: a}` at version 12.
/// Result: the same with `axis: -1` where `a` is the last axis; else
/// `%y = Reshape(Softmax(Flatten(%x) {axis: a}) {axis: -1}, Shape(%x))`.
enum SoftmaxUpgrades {
  static let steps = ["Softmax", "LogSoftmax", "Hardmax"].map { OpsetStep($0, 13, flatten) }

  private static func flatten(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let input = rewriter.graph[node].operand(0), let result = rewriter.graph[node].result(0) else {
      throw OpError("expected an operand and a result, got none")
    }
    let axis = rewriter.graph[node].attributes.int("axis", default: 1)
    if axis == -1 || rewriter.graph.rank(of: input).map({ axis == $0 - 1 }) ?? false {
      rewriter.setAttribute(node, "axis", .int(Int64(axis)))
      return
    }
    let name = rewriter.graph[result].name
    let shape = rewriter.add("Shape", [input], name: "\(name)_shape", at: .before(node))
    let flat = rewriter.add(
      "Flatten", [input], ["axis": .int(Int64(axis))], name: "\(name)_flat", at: .before(node))
    rewriter.setOperands(node, [flat])
    rewriter.setAttribute(node, "axis", .int(-1))
    rewriter.wrapResult(result, of: node, suffix: "rows") { rows, rewriter in
      rewriter.add("Reshape", [rows, shape], name: "\(name)_whole", at: .after(node))
    }
  }
}
