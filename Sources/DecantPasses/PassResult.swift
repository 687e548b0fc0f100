public import DecantIR

/// What a pass did: how often each rule applied, and why rules did not.
public struct PassResult: Sendable, Hashable {
  /// The pass.
  public let pass: String
  /// How often each rule applied. A pass without rules counts under its own name, or names of its steps.
  public private(set) var applications: [String: Int] = [:]
  /// Why rules did not apply, and how often, by rule.
  public private(set) var skips: [String: [String: Int]] = [:]
  /// What came of every rule at the nodes that the user asked about, in the order of trying.
  public private(set) var explanations: [Explanation] = []
  /// The model before and after; nil until a pipeline measured it.
  public var sizes: Sizes?

  /// What came of one rule at one node.
  public struct Explanation: Sendable, Hashable {
    /// The node's name.
    public let node: String
    /// The rule or pass.
    public let rule: String
    /// Whether it applied, or why not.
    public let outcome: RewriteOutcome
  }

  /// A model's size before and after.
  public struct Sizes: Sendable, Hashable {
    /// Before the pass.
    public var before: ModelSize
    /// After it.
    public var after: ModelSize
  }

  /// Nothing done yet.
  public init(pass: String) { self.pass = pass }

  /// Whether the model changed.
  public var changed: Bool { changeCount > 0 }

  /// How often all rules together applied.
  public private(set) var changeCount = 0

  /// Rules and how often they applied, sorted by name.
  public var sortedApplications: [(rule: String, count: Int)] {
    applications.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Rules, reasons and how often they held, sorted by rule, then by falling count, then by reason.
  public var sortedSkips: [(rule: String, reason: String, count: Int)] {
    skips.sorted { $0.key < $1.key }.flatMap { rule, reasons in
      reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { (rule, $0.key, $0.value) }
    }
  }

  /// Counts `count` applications of `rule`.
  package mutating func applied(_ rule: String, count: Int = 1) {
    guard count > 0 else { return }
    applications[rule, default: 0] += count
    changeCount += count
  }

  /// Counts a skip of `rule` for `reason`.
  package mutating func skipped(_ rule: String, _ reason: String) {
    skips[rule, default: [:]][reason, default: 0] += 1
  }

  /// Keeps what came of `rule` at the node called `node`.
  package mutating func explain(_ node: String, _ rule: String, _ outcome: RewriteOutcome) {
    explanations.append(Explanation(node: node, rule: rule, outcome: outcome))
  }

  /// Adds what a later run of the same pass did.
  package mutating func merge(_ later: PassResult) {
    for (rule, count) in later.applications { applications[rule, default: 0] += count }
    for (rule, reasons) in later.skips {
      for (reason, count) in reasons { skips[rule, default: [:]][reason, default: 0] += count }
    }
    explanations += later.explanations
    changeCount += later.changeCount
    if let first = sizes, let last = later.sizes { sizes = Sizes(before: first.before, after: last.after) }
  }
}

/// The size of a model in numbers that a table shows.
public struct ModelSize: Sendable, Hashable {
  /// Nodes, those of subgraphs and functions included.
  public var nodes: Int
  /// Initializers, likewise.
  public var initializers: Int
  /// The bytes of their data; absent data counts, and an overflow stays at the largest number.
  public var bytes: Int

  /// Measures a model. O(nodes + values); data is not read.
  public init(_ model: Model) {
    nodes = 0
    initializers = 0
    bytes = 0
    add(model.graph)
    for function in model.functions { add(function.graph) }
  }

  private mutating func add(_ graph: Graph) {
    nodes += graph.nodeCount
    for value in graph.initializers {
      initializers += 1
      let (sum, overflow) = bytes.addingReportingOverflow(graph[value].data?.byteCount ?? 0)
      bytes = overflow ? Int.max : sum
    }
    for node in graph.order where graph[node].attributes.holdGraphs {
      for (_, subgraph) in graph[node].subgraphs { add(subgraph) }
    }
  }
}
