public import DecantIR
public import DecantOps

/// What passes are told besides the model.
public struct PassContext: Sendable {
  /// What operators mean.
  public var catalog: any OpCatalog
  /// Takes warnings and notes.
  public var reporter: any Reporter
  /// Shapes that inputs take by name, in place of the declared ones.
  public var inputShapes: [String: Shape]
  /// How much passes may add.
  public var limits: PassLimits
  /// Names of nodes, or of their results, at which every rule says what came of it.
  public var explained: Set<String>

  /// From its parts; by default the standard operators, and nothing said.
  public init(
    catalog: any OpCatalog = StandardOps(), reporter: any Reporter = SilentReporter(),
    inputShapes: [String: Shape] = [:], limits: PassLimits = PassLimits(), explained: Set<String> = []
  ) {
    self.catalog = catalog
    self.reporter = reporter
    self.inputShapes = inputShapes
    self.limits = limits
    self.explained = explained
  }

  /// Whether the user asked about `node`.
  func explains(_ node: NodeID, in graph: Graph) -> Bool {
    guard !explained.isEmpty else { return false }
    if explained.contains(graph[node].name) { return true }
    return graph[node].results.contains { $0.map { explained.contains(graph[$0].name) } ?? false }
  }
}

/// How much passes may add to a model.
public struct PassLimits: Sendable, Hashable {
  /// How many bytes of constants folding may add to a graph, those that it frees subtracted.
  public var growth: Int
  /// The most bytes that one folded constant may take.
  public var constantBytes: Int

  /// One MiB of growth in all; constants up to 1 GiB.
  public init(growth: Int = 1 << 20, constantBytes: Int = 1 << 30) {
    self.growth = growth
    self.constantBytes = constantBytes
  }
}
