package import DecantIR

/// Operators whose operands are all constant: what they give is a constant too.
///
/// Given: `%w = HannWindow(%size)` where `%size` is a constant.
/// Result: an initializer.
package enum ConstantExpansions {
  static let all = [Expansion("Constant", initializer)]

  /// A `Constant` becomes an initializer, which may be of any type.
  @Sendable private static func initializer(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    guard let tensor = parts.attributes.tensor("value") else { throw OpError("attribute 'value' is missing") }
    return [parts.constant(tensor)]
  }

  /// Whether all operands of `node` are constants, and there is at least one result.
  package static func applies(to node: NodeID, in graph: Graph) -> Bool {
    guard !graph[node].operands.isEmpty, graph[node].captureCount == 0 else { return false }
    return graph[node].operands.allSatisfy { $0.map { graph[$0].constant != nil } ?? true }
  }

  /// Puts constants in the place of `node`.
  package static func apply(to node: NodeID, opset: Int, _ rewriter: inout Rewriter) throws(OpError) {
    _ = try Expander.run(on: node, opset: opset, &rewriter) { (expander) throws(OpError) in
      let operands = expander.node.operands.map { expander.constant($0) }
      let results = try Expander.evaluated(
        expander.node.op, operands, expander.attributes, results: expander.node.results.count)
      return results.map { expander.constant($0) }
    }
  }
}
