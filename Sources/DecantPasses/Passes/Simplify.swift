public import DecantIR
internal import DecantOps

/// Applies all rewrite rules, and the identities of operators, until none applies.
public struct Simplify: GraphPass {
  public static let name = "simplify"
  public static let summary = "apply all rewrite rules until none applies"
  public static let acceptsReferences = false

  private let driver = RewriteDriver(RuleCatalog.rules + StandardOps().definitions.flatMap(\.identities))

  /// The pass.
  public init() {}

  public func run(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) throws {
    try driver.run(on: &graph, context, &result)
  }
}
