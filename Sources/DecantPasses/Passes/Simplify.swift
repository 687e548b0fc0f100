public import DecantIR
internal import DecantOps

/// Applies all rewrite rules, and the identities of operators, until none applies.
public struct Simplify: GraphPass {
  /// The name that users write.
  public static let name = "simplify"
  /// One line for help.
  public static let summary = "apply all rewrite rules until none applies"
  /// It reads attributes, so references in them would mislead it.
  public static let acceptsReferences = false

  private let driver = RewriteDriver(RuleCatalog.rules + StandardOps().definitions.flatMap(\.identities))

  /// The pass.
  public init() {}

  /// Runs on one graph.
  public func run(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) throws {
    try driver.run(on: &graph, context, &result)
  }
}
