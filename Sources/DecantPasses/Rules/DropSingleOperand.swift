internal import DecantIR

/// Drops an operator over many operands that has only one.
///
///     Given:  %y = Concat(%x) {axis: 0}              ; or Sum, Max, Min, Mean
///     Result: readers of %y read %x
///
/// Exact: the concatenation, sum, largest, smallest or mean of one tensor is that tensor.
enum DropSingleOperand {
  static let rule = RewriteRule(
    "drop-single-operand", roots: ["Concat", "Max", "Mean", "Min", "Sum"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard rewriter.graph[node].operands.count == 1, let operand = rewriter.graph[node].operand(0) else {
      return .skipped("there are several operands")
    }
    rewriter.forward(node, to: operand)
    return .applied
  }
}
