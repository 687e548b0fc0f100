public import DecantIR

/// Infers the types of a graph's values from those of its inputs, and shape arithmetic with symbols along the way.
///
/// One value serves one graph: it remembers what integer values hold in terms of symbols. Use ``inferAll(_:)`` for a
/// whole graph in order, and ``infer(_:_:)`` for a node that a rewrite made or changed.
public struct TypeInference: Sendable {
  /// A type that the source declared and that does not agree with the inferred one, which won.
  public struct Conflict: Sendable, Hashable, CustomStringConvertible {
    /// The value's name.
    public let value: String
    /// What was declared.
    public let declared: ValueType
    /// What was inferred.
    public let inferred: ValueType

    /// `'x': declared f32[2], inferred f32[3]`.
    public var description: String { "'\(value)': declared \(declared), inferred \(inferred)" }
  }

  /// Where the source's declarations were wrong about a shape.
  public private(set) var conflicts: [Conflict] = []
  /// Operators that neither the catalogue nor the model's functions know; their results keep their declared types.
  public private(set) var unknownOperators: Set<OpName> = []

  let catalog: any OpCatalog
  let functions: [FunctionKey: Function]
  let depth: Int
  /// Whether extents that are not known get symbols: only while all nodes are inferred in order, for a name that a rewrite
  /// makes may have been another value's.
  private var namesExtents = false
  private var symbols: [ValueID: SymbolicTensor] = [:]
  private var constants: [ValueID: Tensor] = [:]

  struct FunctionKey: Hashable, Sendable {
    let name: OpName
    let overload: String
  }

  /// Levels of subgraphs and function calls that are entered.
  static let depthLimit = 64

  /// With the operators of `catalog` and the model's own `functions`.
  public init(catalog: any OpCatalog = StandardOps(), functions: [Function] = []) {
    self.init(
      catalog: catalog,
      functions: Dictionary(
        functions.map { (FunctionKey(name: $0.name, overload: $0.overload), $0) },
        uniquingKeysWith: { first, _ in first }),
      depth: 0)
  }

  init(catalog: any OpCatalog, functions: [FunctionKey: Function], depth: Int) {
    self.catalog = catalog
    self.functions = functions
    self.depth = depth
  }

  /// Infers all nodes in order.
  ///
  /// - Throws: ``OpError`` that names the node when a node breaks its operator's rules, or when an inferred element type
  ///   contradicts the declared one.
  public mutating func inferAll(_ rewriter: inout Rewriter) throws(OpError) {
    namesExtents = true
    defer { namesExtents = false }
    for node in rewriter.graph.order { try infer(node, &rewriter) }
  }

  /// Infers one node from what is known of its operands now. Returns whether the type of a result changed.
  ///
  /// - Throws: ``OpError`` that names the node.
  @discardableResult
  public mutating func infer(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> Bool {
    do throws(OpError) {
      return try inferUnnamed(id, &rewriter)
    } catch {
      let node = rewriter.graph[id]
      throw OpError("node '\(node.name)' (\(node.op)): \(error.message)", kind: error.kind)
    }
  }

  /// What `value` holds in terms of symbols, when it was inferred to be known.
  public func symbolic(_ value: ValueID) -> SymbolicTensor? { symbols[value] }

  /// States what a value holds: how a caller's knowledge of captured values enters a subgraph.
  mutating func assume(_ value: ValueID, constant: Tensor?, symbolic: SymbolicTensor?) {
    constants[value] = constant
    symbols[value] = symbolic
  }

  /// What is known of a value for whoever is outside of its graph.
  func fact(of value: ValueID, in graph: Graph) -> Fact {
    Fact(constant: constant(value, in: graph), symbolic: symbols[value]?.map { $0.forgettingOpenExtents(at: depth) })
  }

  private mutating func inferUnnamed(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> Bool {
    let log = SubgraphLog()
    let context = context(of: id, in: rewriter.graph, log)
    let op = context.op
    var types: [ValueType]
    var known: [SymbolicTensor?] = []
    var computed: [Tensor?] = []
    if let definition = catalog.definition(of: op) {
      try definition.schema.check(rewriter.graph[id])
      types = try definition.infer(context)
      known = try definition.propagate?(context) ?? []
      computed = SmallConstants.compute(definition, context, types: types, symbols: known)
    } else if let function = function(called: rewriter.graph[id]) {
      let call = try inferCall(of: function, context)
      (types, known, computed) = (call.types, call.facts.map(\.symbolic), call.facts.map(\.constant))
    } else {
      unknownOperators.insert(op)
      return false
    }
    store(log.graphs, in: id, &rewriter)
    let results = rewriter.graph[id].results
    guard types.count >= results.count else {
      throw OpError("expected at most \(types.count) results, got \(results.count)")
    }
    var changed = false
    for (index, result) in results.enumerated() {
      guard let result else { continue }
      changed = try record(types[index], for: result, &rewriter) || changed
      symbols[result] = index < known.count ? known[index] : nil
      constants[result] = index < computed.count ? computed[index] : nil
    }
    return changed
  }

  private func function(called node: Node) -> Function? {
    functions[FunctionKey(name: node.op, overload: node.overload)]
  }

  /// Merges an inferred type into a value's: true when it changed.
  private mutating func record(
    _ inferred: ValueType, for value: ValueID, _ rewriter: inout Rewriter
  ) throws(OpError) -> Bool {
    let current = rewriter.graph[value].type
    let name = rewriter.graph[value].name
    // What the source says of an extent is worth more than a symbol for what is not known.
    let declared = namesExtents ? current.forgettingOpenExtents() : current
    if let merged = inferred.forgettingOpenExtents().merged(with: declared)?.merged(with: inferred) {
      let named = namesExtents ? merged.namingExtents(of: name, depth: depth) : merged
      guard named != current else { return false }
      rewriter.setType(value, named)
      return true
    }
    guard let a = inferred.tensor, let b = declared.tensor, a.dataType == b.dataType else {
      throw OpError("'\(name)' is declared \(declared), inferred \(inferred)")
    }
    conflicts.append(Conflict(value: name, declared: declared, inferred: inferred))
    rewriter.setType(value, inferred)
    return true
  }

  private func context(of id: NodeID, in graph: Graph, _ log: SubgraphLog) -> InferenceContext {
    let node = graph[id]
    let declared = Array(node.declaredOperands)
    let captured = node.operands.suffix(node.captureCount).compactMap { $0 }
    let facts = captured.map { Fact(constant: constant($0, in: graph), symbolic: symbols[$0]) }
    let capturedTypes = captured.map { graph[$0].type }
    let (catalog, functions, depth) = (self.catalog, self.functions, self.depth)
    @Sendable func enter(
      _ subgraph: Graph, _ inputs: [ValueType], _ holding: [SymbolicTensor?]
    ) throws(OpError) -> [ValueType] {
      var inner = TypeInference(catalog: catalog, functions: functions, depth: depth + 1)
      var copy = subgraph
      let own = inputs.indices.map { Fact(constant: nil, symbolic: $0 < holding.count ? holding[$0] : nil) }
      let types = try inner.inferBody(&copy, inputs: inputs + capturedTypes, lastFacts: own + facts)
      log.record(subgraph, copy)
      return types
    }
    return InferenceContext(
      op: node.op, attributes: node.attributes, types: declared.map { $0.map { graph[$0].type } },
      resultCount: node.results.count, constants: declared.map { $0.flatMap { constant($0, in: graph) } },
      symbolic: declared.map { $0.flatMap { symbols[$0] } }, captured: capturedTypes,
      place: namesExtents ? node.results.lazy.compactMap { $0 }.first.map { (graph[$0].name, depth) } : nil,
      inferSubgraph: enter)
  }

  /// The tensor that a value always holds: an initializer's, a `Constant` node's, one that was computed on the way, or one
  /// that the caller assumed.
  private func constant(_ value: ValueID, in graph: Graph) -> Tensor? {
    if let known = graph[value].constant ?? constants[value] { return known }
    guard let producer = graph[value].producer, graph[producer].op == "Constant" else { return nil }
    return graph[producer].attributes.tensor("value")
  }
}
