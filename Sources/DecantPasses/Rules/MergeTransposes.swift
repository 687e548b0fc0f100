internal import DecantIR

/// Merges two transpositions in a row into one, or into none when the second undoes the first.
///
///     Given:  %a = Transpose(%x) {perm: [0,2,1]}
///             %y = Transpose(%a) {perm: [1,0,2]}
///     Result: %y = Transpose(%x) {perm: [2,0,1]}
///
/// Exact: elements only move. The first one stays for its other readers.
enum MergeTransposes {
  static let rule = RewriteRule("merge-transposes", roots: ["Transpose"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let first = rewriter.graph.producer(ofOperand: 0, of: node, among: ["Transpose"]) else {
      return .skipped("the operand is not transposed")
    }
    guard let source = rewriter.graph[first].operand(0) else { return .skipped("the operand is left out") }
    guard let inner = rewriter.graph.permutation(of: first), let outer = rewriter.graph.permutation(of: node),
      let both = composed(inner, outer)
    else { return .skipped("a permutation is not known") }
    guard both != Array(both.indices) else {
      rewriter.forward(node, to: source)
      return .applied
    }
    rewriter.setAttribute(node, "perm", .ints(both.map(Int64.init)))
    rewriter.exchange(operand: 0, of: node, for: source)
    return .applied
  }
}
