public import DecantIR

/// A change to a whole model that keeps what it computes.
public protocol Pass: Sendable {
  /// Imperative, as users write it after `--passes`: `fold-constants`.
  static var name: String { get }
  /// One line for help.
  static var summary: String { get }
  /// Changes the model. It is left valid, if only half done, when an error is thrown.
  func run(on model: inout Model, _ context: PassContext) throws -> PassResult
}

extension Pass {
  /// The name, from a value.
  public var name: String { Self.name }
  /// The summary, from a value.
  public var summary: String { Self.summary }
}

/// A pass that looks at one graph at a time: the main graph, functions, and the subgraphs of all of them.
public protocol GraphPass: Pass {
  /// Whether it understands attributes that refer to those of a function's call. A pass that reads attributes does not,
  /// and is kept out of functions that have any.
  static var acceptsReferences: Bool { get }
  /// Changes one graph, without its subgraphs.
  func run(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) throws
}

extension GraphPass {
  /// Runs on the main graph, then on the functions; in each on the subgraphs first, innermost ones before outer ones.
  public func run(on model: inout Model, _ context: PassContext) throws -> PassResult {
    var result = PassResult(pass: Self.name)
    try runDeep(on: &model.graph, context, &result)
    for index in model.functions.indices {
      let function = model.functions[index]
      guard Self.acceptsReferences || (function.attributes.isEmpty && function.defaults.isEmpty) else { continue }
      try runDeep(on: &model.functions[index].graph, context, &result)
    }
    return result
  }

  private func runDeep(on graph: inout Graph, _ context: PassContext, _ result: inout PassResult) throws {
    for node in graph.order where graph[node].attributes.holdGraphs {
      for (name, value) in graph[node].attributes {
        let before = result.changeCount
        let changed: Attribute
        switch value {
        case .graph(var subgraph):
          try runDeep(on: &subgraph, context, &result)
          changed = .graph(subgraph)
        case .graphs(var subgraphs):
          for index in subgraphs.indices { try runDeep(on: &subgraphs[index], context, &result) }
          changed = .graphs(subgraphs)
        default: continue
        }
        guard result.changeCount > before else { continue }
        graph.edit { $0.setAttribute(node, name, changed) }
      }
    }
    try run(on: &graph, context, &result)
  }
}
