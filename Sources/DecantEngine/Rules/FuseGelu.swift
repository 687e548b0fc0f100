internal import DecantIR

/// Brings the spellings of the Gaussian error linear unit into one operator.
///
///     Given:  %a = Div(%x, %c: f32[])             ; √2
///             %b = Erf(%a)
///             %d = Add(%b, %one: f32[])
///             %e = Mul(%x, %d)
///             %y = Mul(%e, %half: f32[])
///     Result: %y = Gelu(%x)
///
/// The half may stand anywhere in the product; with `Tanh(√(2/π) · (x + 0.044715 · x³))` in the place of `Erf` it is the
/// approximate kind. Results differ by roundings.
enum FuseGelu {
  static let rule = RewriteRule("fuse-gelu", roots: ["Div", "Mul"], rewrite: rewrite)

  @Sendable static func rewrite(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> RewriteOutcome {
    let product = Product(node, in: rewriter.graph)
    guard product.number.isAbout(0.5), product.factors.count == 2 else {
      return .skipped("not a half of two factors")
    }
    guard
      let match = match(product.factors[0], product.factors[1], rewriter.graph)
        ?? match(product.factors[1], product.factors[0], rewriter.graph)
    else { return .skipped("no factor is a raised error function or hyperbolic tangent of the other") }
    guard rewriter.graph.isFloat(match.x) else { return .skipped("the type is not f32") }
    guard rewriter.graph.areAlike(match.x, rewriter.graph[node].result(0)) else {
      return .skipped("a constant has more axes")
    }
    rewriter.turn(node, into: "Gelu", [match.x], match.isExact ? [:] : ["approximate": .string("tanh")])
    return .applied
  }

  /// `raised` as one more than the function of `x`.
  private static func match(_ x: ValueID, _ raised: ValueID, _ graph: Graph) -> (x: ValueID, isExact: Bool)? {
    guard let sum = graph.producer(of: raised, among: ["Add"]), let parts = graph.withNumber(sum), parts.number == 1,
      let function = graph.producer(of: parts.other, among: ["Erf", "Tanh"]), let inner = graph[function].operand(0)
    else { return nil }
    let product = Product(of: inner, in: graph)
    if graph[function].op == "Erf" {
      return product.number.isAbout(0.5.squareRoot()) && product.factors == [x] ? (x, true) : nil
    }
    guard product.number.isAbout((2 / Double.pi).squareRoot()) else { return nil }
    return isCubic(product.factors, x, graph) ? (x, false) : nil
  }

  /// Whether the product of `factors` is `x + 0.044715 · x³`, or `x · (1 + 0.044715 · x²)`.
  private static func isCubic(_ factors: [ValueID], _ x: ValueID, _ graph: Graph) -> Bool {
    let others = factors.filter { $0 != x }
    guard others.count == 1, let sum = graph.producer(of: others[0], among: ["Add"]) else { return false }
    if factors.count == 2 {
      guard let parts = graph.withNumber(sum), parts.number == 1 else { return false }
      let term = Product(of: parts.other, in: graph)
      return term.number.isAbout(0.044715) && term.isProduct(of: [x, x])
    }
    guard factors.count == 1, let a = graph[sum].operand(0), let b = graph[sum].operand(1) else { return false }
    guard a == x || b == x else { return false }
    let term = Product(of: a == x ? b : a, in: graph)
    return term.number.isAbout(0.044715) && term.isProduct(of: [x, x, x])
  }
}
