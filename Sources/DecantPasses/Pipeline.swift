public import DecantBytes
public import DecantIR

/// Passes in order, run once or until nothing changes.
public struct Pipeline: Sendable {
  /// As users write it after `--passes`; for a list, the list.
  public let name: String
  /// One line for help.
  public let summary: String
  /// The passes.
  public let passes: [any Pass]
  /// How often the whole list may run; it ends early when a run changes nothing.
  public let maximumRounds: Int

  /// From its parts.
  public init(_ name: String, _ summary: String, maximumRounds: Int = 1, _ passes: [any Pass]) {
    self.name = name
    self.summary = summary
    self.maximumRounds = maximumRounds
    self.passes = passes
  }

  /// The pipeline that `list` describes: names of passes and pipelines with commas between. A list with a pipeline in it
  /// runs as often as that one.
  ///
  /// - Throws: ``DecantError`` of kind `usage` for a name that is not known, with the nearest one.
  public init(parsing list: String) throws(DecantError) {
    let names = list.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed }
    if names.count == 1, let known = PassCatalog.pipeline(named: names[0]) {
      self = known
      return
    }
    var passes: [any Pass] = []
    var rounds = 1
    for name in names {
      if let pipeline = PassCatalog.pipeline(named: name) {
        passes += pipeline.passes
        rounds = max(rounds, pipeline.maximumRounds)
      } else if let pass = PassCatalog.pass(named: name) {
        passes.append(pass)
      } else {
        throw PassCatalog.unknown(name)
      }
    }
    self.init(names.joined(separator: ","), "passes given by name", maximumRounds: rounds, passes)
  }

  /// Runs the passes on `model` and returns what each did, one result for each pass in order, all rounds together.
  ///
  /// Shapes that the context gives for inputs are put in place before the first pass, whatever the passes are.
  ///
  /// - Throws: what a pass throws; `usage` when an explained node does not exist.
  public func run(on model: inout Model, _ context: PassContext = PassContext()) throws -> [PassResult] {
    try checkExplained(in: model, context)
    noteDefaults(of: model.graph, context)
    var context = context
    if !context.inputShapes.isEmpty {
      _ = try InferTypes().run(on: &model, context)
      context.inputShapes = [:]
    }
    var results: [PassResult] = []
    var size = ModelSize(model)
    for round in 0..<maximumRounds {
      var changed = false
      for (index, pass) in passes.enumerated() {
        context.reporter.report(.started(pass.name))
        var result = try pass.run(on: &model, context)
        let after = result.changed ? ModelSize(model) : size
        result.sizes = PassResult.Sizes(before: size, after: after)
        size = after
        context.reporter.report(.finished(pass.name, summary: "\(result.changeCount) changes"))
        changed = changed || result.changed
        if round == 0 { results.append(result) } else { results[index].merge(result) }
      }
      guard changed else { break }
    }
    return results
  }

  /// Says why nothing is folded from weights that are inputs.
  private func noteDefaults(of graph: Graph, _ context: PassContext) {
    let count = graph.inputs.count { graph[$0].data != nil }
    guard count > 0, !passes.contains(where: { $0 is BindInputDefaults }) else { return }
    context.reporter.note(
      "\(count) inputs have defaults that a caller may replace, so they are not taken for constants; the pass "
        + "'\(BindInputDefaults.name)' makes constants of them")
  }

  private func checkExplained(in model: Model, _ context: PassContext) throws(DecantError) {
    guard !context.explained.isEmpty else { return }
    var names: Set<String> = []
    Pipeline.collectNames(of: model.graph, into: &names)
    for function in model.functions { Pipeline.collectNames(of: function.graph, into: &names) }
    for name in context.explained.sorted() where !names.contains(name) {
      throw DecantError(
        .usage, "expected the name of a node or of its result, got '\(name)'",
        note: NearestNames.note(name, among: names))
    }
  }

  private static func collectNames(of graph: Graph, into names: inout Set<String>) {
    for node in graph.order {
      names.insert(graph[node].name)
      for case let result? in graph[node].results { names.insert(graph[result].name) }
      for (_, subgraph) in graph[node].subgraphs { collectNames(of: subgraph, into: &names) }
    }
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
