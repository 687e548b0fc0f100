internal import DecantIR

/// Operands and results that older versions lack or demand.
enum OperandDowngrades {
  static let steps = [
    OpsetStep("Attention", 24, attention), OpsetStep("Gemm", 11, product), OpsetStep("MaxPool", 8, indices),
    OpsetStep("OptionalHasElement", 18, optional), OpsetStep("GroupNormalization", 21, channels),
  ]

  private static func attention(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].operand(6) == nil else { throw OpError("older versions take no lengths of keys") }
    rewriter.cutOperands(from: 6, of: node)
  }

  /// Nothing to add is a zero to add.
  private static func product(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].operand(2) == nil else { return }
    guard let type = rewriter.graph[node].operand(0).flatMap({ rewriter.graph.elementType(of: $0) }) else {
      throw OpError("older versions need an operand 'C', and its type is not known")
    }
    rewriter.putOperand(2, of: node, rewriter.addInitializer("zero", try .zeros(type, shape: [1])))
  }

  private static func indices(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].result(1) == nil else { throw OpError("older versions give no indices") }
  }

  private static func optional(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard rewriter.graph[node].operand(0) != nil else { throw OpError("older versions need an operand") }
  }

  private static func channels(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    throw OpError("older versions take scale and bias for each group")
  }
}
