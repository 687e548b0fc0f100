internal import DecantIR

/// `Softmax` and its kin in the form that works on a matrix of what lies before and after the axis.
///
/// Given: `%y = Softmax(%x) {axis: a}` where `a` is the last axis, or
/// `%y = Reshape(Softmax(Flatten(%x) {axis: a}) {axis: -1}, Shape(%x))`.
/// Result: `%y = Softmax(%x) {axis: a}` at version 12.
enum SoftmaxDowngrades {
  static let steps = ["Softmax", "LogSoftmax", "Hardmax"].map { OpsetStep($0, 13, flatten) }

  private static func flatten(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let axis = rewriter.graph[node].attributes.int("axis", default: -1)
    if axis == -1, unwrap(node, &rewriter) { return }
    guard axis != -1 else {
      rewriter.setAttribute(node, "axis", .int(-1))
      return
    }
    guard let input = rewriter.graph[node].operand(0), let rank = rewriter.graph.rank(of: input) else {
      throw OpError("older versions flatten at axis \(axis), which is not known to be the last")
    }
    guard axis == rank - 1 || axis == -1 else {
      throw OpError("older versions flatten at axis \(axis), which is not the last of \(rank)")
    }
  }

  /// Takes flattening and reshaping away from around the node, where they stand as the upgrade put them.
  private static func unwrap(_ node: NodeID, _ rewriter: inout Rewriter) -> Bool {
    guard let wrapping = wrapping(of: node, in: rewriter.graph) else { return false }
    let (name, type) = (rewriter.graph[wrapping.whole].name, rewriter.graph[wrapping.whole].type)
    rewriter.replaceAllUses(of: wrapping.whole, with: wrapping.rows)
    rewriter.erase(wrapping.reshape)
    rewriter.setOperands(node, [wrapping.input])
    rewriter.eraseWithProducers(wrapping.flatten)
    rewriter.eraseWithProducers(wrapping.shape)
    rewriter.setAttribute(node, "axis", .int(Int64(wrapping.axis)))
    rewriter.setType(wrapping.rows, type)
    rewriter.rename(wrapping.rows, to: name)
    return true
  }

  private struct Wrapping {
    let (input, rows, whole): (ValueID, ValueID, ValueID)
    let (flatten, shape, reshape): (NodeID, NodeID, NodeID)
    let axis: Int
  }

  private static func wrapping(of node: NodeID, in graph: Graph) -> Wrapping? {
    guard let flatten = graph.producer(ofOperand: 0, of: node), graph[flatten].op == "Flatten",
      let input = graph[flatten].operand(0), let flat = graph[flatten].result(0), graph[flat].useCount == 1,
      let rows = graph[node].result(0), let reshape = graph.onlyConsumer(of: rows), graph[reshape].op == "Reshape",
      let shape = graph.producer(ofOperand: 1, of: reshape), graph[shape].op == "Shape",
      graph[shape].operand(0) == input, let whole = graph[reshape].result(0)
    else { return nil }
    return Wrapping(
      input: input, rows: rows, whole: whole, flatten: flatten, shape: shape, reshape: reshape,
      axis: graph[flatten].attributes.int("axis", default: 1))
  }
}
