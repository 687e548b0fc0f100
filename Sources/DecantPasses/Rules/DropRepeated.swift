internal import DecantIR

/// Drops an operator that changes nothing when applied to its own result.
///
///     Given:  %a = Relu(%x)
///             %y = Relu(%a)
///     Result: readers of %y read %a
///
/// Exact: the operator maps every value of its range to itself. The attributes have to be equal.
enum DropRepeated {
  static let rule = RewriteRule(
    "drop-repeated", roots: ["Abs", "Ceil", "Floor", "Relu", "Round", "Sign"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let op = rewriter.graph[node].op
    guard let first = rewriter.graph.producer(ofOperand: 0, of: node, among: [op]) else {
      return .skipped("the operand is not a result of the same operator")
    }
    guard let operand = rewriter.graph[node].operand(0),
      rewriter.graph[first].attributes == rewriter.graph[node].attributes
    else { return .skipped("the attributes differ") }
    rewriter.forward(node, to: operand)
    return .applied
  }
}
