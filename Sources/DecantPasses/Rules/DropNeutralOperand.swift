internal import DecantIR

/// Drops arithmetic with a number that changes nothing: times 1, plus 0, minus 0, divided by 1, to the power of 1.
///
///     Given:  %y: f32[N,4] = Mul(%x: f32[N,4], 1)
///     Result: readers of %y read %x
///
/// Exact, but for one thing: -0 + 0 is 0, and without the addition it stays -0. The two compare as equal; where the next
/// operator divides by the result, the addition stays. The constant must not make the shape larger.
enum DropNeutralOperand {
  static let rule = RewriteRule(
    "drop-neutral-operand", roots: ["Add", "Div", "Mul", "Pow", "Sub"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let op = rewriter.graph[node].op
    let neutral: Double = op == "Add" || op == "Sub" ? 0 : 1
    let candidates = op == "Add" || op == "Mul" ? [1, 0] : [1]
    guard let index = candidates.first(where: { rewriter.graph.isConstant(neutral, operand: $0, of: node) }) else {
      return .skipped("no operand is constant and neutral")
    }
    guard let kept = rewriter.graph[node].operand(1 - index), let result = rewriter.graph[node].result(0) else {
      return .skipped("the operand is left out")
    }
    guard rewriter.graph.broadcasts(operand: index, of: node, into: 1 - index) else {
      return .skipped("the constant may make the shape larger")
    }
    guard rewriter.graph[kept].type.dataType == rewriter.graph.type(ofOperand: index, of: node)?.dataType else {
      return .skipped("the operands differ in type")
    }
    guard neutral == 1 || !rewriter.graph.isDivisor(result) else { return .skipped("the next operator divides by it") }
    rewriter.forward(node, to: kept)
    return .applied
  }
}

extension Graph {
  /// Whether constant operand `index` of `node` surely broadcasts to the shape of operand `other`.
  func broadcasts(operand index: Int, of node: NodeID, into other: Int) -> Bool {
    guard let constant = constant(ofOperand: index, of: node) else { return false }
    if constant.rank == 0 { return true }
    guard let target = shape(of: self[node].operand(other)), constant.rank <= target.rank else { return false }
    return zip(constant.shape.reversed(), target.dimensions.reversed()).allSatisfy { $0 == 1 || $1 == .fixed($0) }
  }

  /// Whether a reader of `value` divides by it.
  fileprivate func isDivisor(_ value: ValueID) -> Bool {
    uses(of: value).contains { use in
      guard case .operand(let node, let index) = use else { return false }
      return self[node].op == "Reciprocal" || self[node].op == "Pow" || (self[node].op == "Div" && index == 1)
    }
  }
}
