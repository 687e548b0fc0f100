internal import DecantIR

/// The parts of `Split`, which older versions take as an attribute.
enum SplitDowngrades {
  static let steps = [OpsetStep("Split", 13, sizes), OpsetStep("Split", 18, count)]

  private static func sizes(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let sizes = try rewriter.integers(ofOperand: 1, of: node, as: "split") else { return }
    rewriter.setAttribute(node, "split", .ints(sizes))
    rewriter.cutOperands(from: 1, of: node)
  }

  private static func count(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let count = rewriter.graph[node].attributes.int("num_outputs") else { return }
    guard count == rewriter.graph[node].results.count else {
      throw OpError("'num_outputs' expected to be \(rewriter.graph[node].results.count), got \(count)")
    }
    rewriter.setAttribute(node, "num_outputs", nil)
    // Older versions split evenly; where the last part is smaller, all sizes are said.
    guard rewriter.graph[node].operand(1) == nil, count > 0,
      let shape = rewriter.graph.type(ofOperand: 0, of: node)?.shape,
      let axis = try? normalizeAxis(rewriter.graph[node].attributes.int("axis", default: 0), rank: shape.rank),
      let extent = shape[axis].fixed, extent % count != 0
    else { return }
    let size = extent / count + 1
    let sizes = (0..<count).map { Int64(min(size, max(extent - $0 * size, 0))) }
    rewriter.putOperand(1, of: node, rewriter.sharedInitializer(Tensor(sizes), role: "split"))
  }
}
