internal import DecantIR

/// Drops a padding by nothing.
///
///     Given:  %y = Pad(%x, %pads)                    ; all of %pads are 0
///     Result: readers of %y read %x
///
/// Exact: no element is added or taken away. An equal shape is not enough, for pads may be -1 and 1.
enum DropNoOpPad {
  static let rule = RewriteRule("drop-no-op-pad", roots: ["Pad"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let operand = rewriter.graph[node].operand(0) else { return .skipped("the operand is left out") }
    guard let pads = rewriter.graph.integers(ofOperand: 1, of: node) else {
      return .skipped("the pads are not constant")
    }
    guard pads.allSatisfy({ $0 == 0 }) else { return .skipped("the pads are not all 0") }
    rewriter.forward(node, to: operand)
    return .applied
  }
}
