internal import DecantIR

/// Constants spelled as numbers, which older versions spell as tensors.
enum ConstantDowngrades {
  static let steps = [OpsetStep("Constant", 12, tensor), OpsetStep("Constant", 11, sparse)]

  private static func tensor(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let attributes = rewriter.graph[node].attributes
    let spellings = ["value_float", "value_floats", "value_int", "value_ints", "value_string", "value_strings"]
    guard let name = spellings.first(where: { attributes[$0] != nil }) else { return }
    guard let result = rewriter.graph[node].result(0), let value = rewriter.graph.knownConstant(result) else {
      throw OpError("older versions have no attribute '\(name)'")
    }
    rewriter.setAttribute(node, name, nil)
    rewriter.setAttribute(node, "value", .tensor(value))
  }

  private static func sparse(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].attributes["sparse_value"] == nil || SparseInitializer.isMarked(rewriter.graph[node])
    else { throw OpError("older versions have no attribute 'sparse_value'") }
  }
}
