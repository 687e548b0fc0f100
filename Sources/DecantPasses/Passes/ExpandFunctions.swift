internal import DecantBytes
public import DecantIR

/// Puts the bodies of model-local functions in the place of their calls, subgraphs included, and drops the functions.
///
/// Exact: a call means its body. Not part of the default pipeline, for it unfolds what the author of a model named. Calls
/// that recur are refused, and so are models that would unfold to more than a million nodes.
public struct ExpandFunctions: Pass {
  /// The name that users write.
  public static let name = "expand-functions"
  /// One line for help.
  public static let summary = "put the bodies of model-local functions in the place of their calls"
  /// The most nodes that calls may unfold to.
  static let nodeLimit = 1_000_000

  /// The pass.
  public init() {}

  /// Runs on the main graph; afterwards the model has no functions.
  public func run(on model: inout Model, _ context: PassContext) throws -> PassResult {
    var result = PassResult(pass: Self.name)
    guard !model.functions.isEmpty else { return result }
    var expansion = FunctionExpansion(model.functions)
    try expansion.expand(&model.graph, calls: [])
    result.applied(Self.name, count: expansion.expanded)
    result.applied("drop-function", count: model.functions.count)
    let domains = Set(model.functions.map(\.name.domain))
    let used = FunctionExpansion.domains(of: model.graph)
    model.source.opsets.removeAll { domains.contains($0.domain) && !used.contains($0.domain) && !$0.domain.isEmpty }
    model.functions = []
    return result
  }
}

/// Unfolds calls, and counts what it adds.
private struct FunctionExpansion {
  private struct Key: Hashable {
    let name: OpName
    let overload: String
  }

  private let functions: [Key: Function]
  private var added = 0
  private(set) var expanded = 0

  init(_ functions: [Function]) {
    self.functions = Dictionary(
      functions.map { (Key(name: $0.name, overload: $0.overload), $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Unfolds every call in `graph`; `calls` are those that the graph itself stands in.
  mutating func expand(_ graph: inout Graph, calls: [OpName]) throws(DecantError) {
    try graph.edit { (rewriter) throws(DecantError) in
      for node in rewriter.graph.order { try expand(node, &rewriter, calls) }
    }
  }

  private mutating func expand(_ node: NodeID, _ rewriter: inout Rewriter, _ calls: [OpName]) throws(DecantError) {
    try expandSubgraphs(of: node, &rewriter, calls)
    let subject = rewriter.graph[node]
    guard let function = functions[Key(name: subject.op, overload: subject.overload)] else { return }
    do throws(OpError) {
      try check(subject, function, calls)
    } catch {
      throw DecantError(error, at: ["node '\(subject.name)' (\(subject.op))"])
    }
    var given = function.defaults
    for (name, value) in subject.attributes { given[name] = value }
    var body = function.graph.binding(given)
    try expand(&body, calls: calls + [subject.op])
    added += body.nodeCount
    guard added <= ExpandFunctions.nodeLimit else {
      throw DecantError(.overBudget, "the functions unfold to more than \(ExpandFunctions.nodeLimit) nodes")
    }
    let arguments = body.inputs.indices.map { subject.operand($0) }
    let outputs = rewriter.inline(body, arguments: arguments, before: node)
    for (result, output) in zip(subject.results, outputs) {
      guard let result, let output else { continue }
      let name = rewriter.graph[result].name
      rewriter.redirect(result, to: output)
      rewriter.setName(of: output, to: name, insteadOf: result)
    }
    rewriter.erase(node)
    expanded += 1
  }

  private mutating func expandSubgraphs(
    of node: NodeID, _ rewriter: inout Rewriter, _ calls: [OpName]
  ) throws(DecantError) {
    guard rewriter.graph[node].attributes.holdGraphs else { return }
    for (name, value) in rewriter.graph[node].attributes {
      switch value {
      case .graph(var inner):
        try expand(&inner, calls: calls)
        rewriter.setAttribute(node, name, .graph(inner))
      case .graphs(var inners):
        for index in inners.indices { try expand(&inners[index], calls: calls) }
        rewriter.setAttribute(node, name, .graphs(inners))
      default: continue
      }
    }
  }

  private func check(_ node: Node, _ function: Function, _ calls: [OpName]) throws(OpError) {
    guard !calls.contains(node.op) else {
      throw OpError("the function calls itself: \((calls + [node.op]).map(\.description).joined(separator: " → "))")
    }
    let (inputs, outputs) = (function.graph.inputs, function.graph.outputs)
    guard node.operands.count <= inputs.count else {
      throw OpError("expected at most \(inputs.count) operands, got \(node.operands.count)")
    }
    guard node.results.count <= outputs.count else {
      throw OpError("expected at most \(outputs.count) results, got \(node.results.count)")
    }
    for name in function.attributes where node.attributes[name] == nil {
      throw OpError("attribute '\(name)' is missing")
    }
    for (index, input) in inputs.enumerated() where node.operand(index) == nil {
      let isCaptured = function.graph.uses(of: input).contains { use in
        guard case .operand(let reader, let place) = use else { return false }
        return place >= function.graph[reader].declaredOperands.count
      }
      guard !isCaptured else {
        throw OpError("operand \(index) is left out, and a subgraph of the function reads it", kind: .unsupported)
      }
    }
  }

  /// The domains of all nodes, subgraphs included.
  static func domains(of graph: Graph) -> Set<String> {
    var found: Set<String> = []
    for node in graph.order {
      found.insert(graph[node].op.domain)
      for (_, inner) in graph[node].subgraphs { found.formUnion(domains(of: inner)) }
    }
    return found
  }
}

extension Rewriter {
  /// Lets a computed value take the name of `old`, which nothing reads any longer and is about to go.
  fileprivate mutating func setName(of value: ValueID, to name: String, insteadOf old: ValueID) {
    guard graph[value].producer != nil else { return }
    rename(old, to: name + "_call")
    rename(value, to: name)
  }
}
