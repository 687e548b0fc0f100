public import DecantIR
internal import Synchronization

/// What is known of a captured value beside its type.
struct Fact: Sendable {
  let constant: Tensor?
  let symbolic: SymbolicTensor?
}

/// Keeps the subgraphs that inference entered, with the types that it found inside, until they go back into the node.
final class SubgraphLog: Sendable {
  private let entries = Mutex<[(before: Graph, after: Graph)]>([])

  func record(_ before: Graph, _ after: Graph) { entries.withLock { $0.append((before, after)) } }

  var graphs: [(before: Graph, after: Graph)] { entries.withLock { $0 } }
}

extension TypeInference {
  /// Infers a graph whose inputs have these types; the last of them also hold what `lastFacts` says. Returns the types of
  /// its outputs.
  mutating func inferBody(
    _ graph: inout Graph, inputs: [ValueType], lastFacts: [Fact] = []
  ) throws(OpError) -> [ValueType] {
    guard depth <= TypeInference.depthLimit else {
      throw OpError("subgraphs and functions are nested deeper than \(TypeInference.depthLimit)", kind: .unsupported)
    }
    guard graph.inputs.count == inputs.count else {
      throw OpError("the subgraph '\(graph.name)' expects \(graph.inputs.count) inputs, got \(inputs.count)")
    }
    for (input, fact) in zip(graph.inputs.suffix(lastFacts.count), lastFacts) {
      assume(input, constant: fact.constant, symbolic: fact.symbolic)
    }
    let ids = graph.inputs
    try graph.edit { (rewriter) throws(OpError) in
      for (id, given) in zip(ids, inputs) {
        rewriter.setType(id, given.merged(with: rewriter.graph[id].type.forgettingOpenExtents()) ?? given)
      }
      try inferAll(&rewriter)
    }
    // What is decided inside has no meaning outside, where the body may run many times.
    return graph.outputs.map { graph[$0.value].type.forgettingOpenExtents(at: depth) }
  }

  /// The types of the results of a call, and what is known of them beside.
  func inferCall(
    of function: Function, _ context: InferenceContext
  ) throws(OpError) -> (types: [ValueType], facts: [Fact]) {
    var inner = TypeInference(catalog: catalog, functions: functions, depth: depth + 1)
    let given = function.graph.inputs.indices.map { context.type($0) }
    guard context.types.count <= given.count else {
      throw OpError("expected at most \(given.count) operands, got \(context.types.count)")
    }
    let facts = given.indices.map { Fact(constant: context.constant($0), symbolic: context.symbols($0)) }
    var body = try function.instantiated(with: context.attributes)
    let types = try inner.inferBody(&body, inputs: given, lastFacts: facts)
    return (types, body.outputs.map { inner.fact(of: $0.value, in: body) })
  }

  /// Puts inferred subgraphs back into the node that holds them, where types inside have changed.
  func store(_ graphs: [(before: Graph, after: Graph)], in node: NodeID, _ rewriter: inout Rewriter) {
    guard !graphs.isEmpty else { return }
    for (name, value) in rewriter.graph[node].attributes {
      guard case .graph(let subgraph) = value else { continue }
      guard let inferred = graphs.last(where: { $0.before == subgraph })?.after, inferred != subgraph else { continue }
      rewriter.setAttribute(node, name, .graph(inferred))
    }
  }
}

extension Function {
  /// The body with the attributes of a call in the place of the references to them.
  ///
  /// - Throws: ``OpError`` when the call lacks an attribute that the function requires.
  public func instantiated(with call: Attributes) throws(OpError) -> Graph {
    for name in attributes where call[name] == nil {
      throw OpError("the call of '\(self.name)' lacks the attribute '\(name)'")
    }
    var values = defaults
    for (name, value) in call { values[name] = value }
    var body = graph
    body.resolveReferences(values)
    return body
  }
}

extension Graph {
  /// Puts values in the place of references to a function's attributes; one without a value is dropped, as optional
  /// attributes are.
  mutating func resolveReferences(_ values: Attributes) {
    for id in order {
      for (name, attribute) in self[id].attributes {
        switch attribute {
        case .reference(let source, _):
          edit { $0.setAttribute(id, name, values[source]) }
        case .graph(var subgraph):
          subgraph.resolveReferences(values)
          edit { [subgraph] in $0.setAttribute(id, name, .graph(subgraph)) }
        default: break
        }
      }
    }
  }
}
