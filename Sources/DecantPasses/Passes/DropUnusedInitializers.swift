public import DecantIR

/// Drops initializers that nothing reads. O(values).
public struct DropUnusedInitializers: GraphPass {
  /// The name that users write.
  public static let name = "drop-unused-initializers"
  /// One line for help.
  public static let summary = "drop constants that nothing reads"
  /// References in attributes do not matter to it.
  public static let acceptsReferences = true

  /// The pass.
  public init() {}

  /// Runs on one graph.
  public func run(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) {
    let unused = graph.initializers.filter { graph[$0].useCount == 0 }
    guard !unused.isEmpty else { return }
    graph.edit { rewriter in
      for value in unused { rewriter.erase(value) }
    }
    result.applied(Self.name, count: unused.count)
  }
}
