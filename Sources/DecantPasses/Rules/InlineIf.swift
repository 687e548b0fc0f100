internal import DecantIR

/// Puts the branch that a constant condition takes in the place of an `If`.
///
///     Given:  %y = If(true) {then_branch: graph (%a) { %b = Relu(%a) return %b }, else_branch: …}
///     Result: %y = Relu(%a)
///
/// Exact: the other branch never runs.
enum InlineIf {
  static let rule = RewriteRule("inline-if", roots: ["If"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let condition = rewriter.graph.constant(ofOperand: 0, of: node)?.commonBool else {
      return .skipped("the condition is not constant")
    }
    guard let branch = rewriter.graph[node].attributes.graph(condition ? "then_branch" : "else_branch") else {
      return .skipped("the branch is missing")
    }
    let captured = rewriter.graph[node].operands.suffix(rewriter.graph[node].captureCount)
    guard captured.count == branch.inputs.count, branch.outputs.count >= rewriter.graph[node].results.count else {
      return .skipped("the branch has another interface than the node")
    }
    let arguments = captured.compactMap { $0 }
    guard arguments.count == captured.count else { return .skipped("a captured value is left out") }
    let outputs = rewriter.inline(branch, arguments: arguments, before: node)
    for (result, output) in zip(rewriter.graph[node].results, outputs) {
      if let result, let output { rewriter.redirect(result, to: output) }
    }
    rewriter.eraseWithProducers(node)
    return .applied
  }
}
