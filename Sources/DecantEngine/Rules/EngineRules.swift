internal import DecantIR
internal import DecantPasses

/// What is rewritten before a model is compiled, and never written to a file: patterns become the operators that have kernels of
/// their own. Results may differ by roundings.
enum EngineRules {
  /// One line a rule, sorted by name; at one node they are tried in this order.
  static let rules: [RewriteRule] = [
    FuseAttention.rule, FuseGelu.rule, FuseNormalization.rule, FuseSkipNormalization.rule, FuseSwish.rule,
  ]

  /// Constants first, so that patterns are seen without the arithmetic that leads to them; again where a branch was taken in, and
  /// its constants with it.
  static let pipeline = Pipeline(
    "engine", "what is rewritten before a model is compiled", maximumRounds: 4,
    [
      DropDeadNodes(), FuseIntegerIslands(), FoldConstants(), InferTypes(), Simplify(), FuseForEngine(),
      DropDeadNodes(),
    ])
}

/// Applies the rules of the engine.
struct FuseForEngine: GraphPass {
  static let name = "fuse-for-engine"
  static let summary = "bring patterns into the operators that have kernels of their own"
  static let acceptsReferences = false

  private let driver = RewriteDriver(EngineRules.rules)

  func run(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) throws {
    try driver.run(on: &graph, context, &result)
  }
}
