internal import DecantIR

/// Brings a product with a sigmoid of the same value into one operator.
///
///     Given:  %a = Sigmoid(%x)
///             %y = Mul(%x, %a)
///     Result: %y = Swish(%x)
///
/// A number before the sigmoid becomes `alpha`. Results differ by roundings.
enum FuseSwish {
  static let rule = RewriteRule("fuse-swish", roots: ["Mul"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    guard let a = rewriter.graph[node].operand(0), let b = rewriter.graph[node].operand(1) else {
      return .skipped("an operand is left out")
    }
    guard let alpha = alpha(a, b, rewriter.graph) ?? alpha(b, a, rewriter.graph) else {
      return .skipped("no factor is a sigmoid of the other")
    }
    let x = self.alpha(a, b, rewriter.graph) == nil ? b : a
    guard rewriter.graph.isFloat(x) else { return .skipped("the type is not f32") }
    guard rewriter.graph.areAlike(x, rewriter.graph[node].result(0)) else {
      return .skipped("a constant has more axes")
    }
    rewriter.turn(node, into: "Swish", [x], alpha == 1 ? [:] : ["alpha": .float(Float(alpha))])
    return .applied
  }

  /// The number that `x` is multiplied by before the sigmoid that `gate` is.
  private static func alpha(_ x: ValueID, _ gate: ValueID, _ graph: Graph) -> Double? {
    guard let sigmoid = graph.producer(of: gate, among: ["Sigmoid"]), let inner = graph[sigmoid].operand(0) else {
      return nil
    }
    if inner == x { return 1 }
    let product = Product(of: inner, in: graph)
    return product.factors == [x] ? product.number : nil
  }
}
