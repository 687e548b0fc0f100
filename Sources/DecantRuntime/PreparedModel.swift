internal import DecantBytes
internal import DecantIR

/// A model as its backends like it, and what became of the values that somebody watches.
struct PreparedModel {
  /// The graph; its first outputs are the model's.
  let graph: Graph
  let functions: [Function]
  /// How many outputs the model has.
  let outputCount: Int
  /// What the backends have to say.
  let notes: [String]
  /// The watched values, by the model's own handles, and where each is in `graph`.
  let watched: [(original: ValueID, value: ValueID)]

  /// Lets each backend rewrite a copy of `model`, of which the inputs have just the `types` that are given, and those with a default
  /// that are not `given` in a run are constants of it. Results that are watched are outputs of the copy meanwhile, which no
  /// rewriting takes away; those that no output needs are not computed, and so not watched. Without `givesOutputs` the last of
  /// them takes the place of each output.
  ///
  /// - Throws: what a backend throws.
  init(
    _ model: Model, given: Set<ValueID>, watching: Set<ValueID>, types: [ConcreteType?]?, givesOutputs: Bool,
    _ backends: [any Backend]
  ) throws(DecantError) {
    var copy = model
    let first = model.graph.outputs.count
    let kept = PreparedModel.computed(watching, in: model.graph)
    copy.graph.edit { rewriter in
      for (index, value) in kept.enumerated() { rewriter.addOutput("watched.\(index)", value) }
      for case (let input, let type?) in zip(model.graph.inputs, types ?? []) {
        rewriter.setType(input, .tensor(type.dataType, Shape(type.shape)))
      }
      for input in model.graph.inputs where !given.contains(input) {
        guard let data = model.graph[input].data else { continue }
        rewriter.replaceAllUses(of: input, with: rewriter.addInitializer(model.graph[input].name, data))
      }
      guard !givesOutputs, let last = kept.last else { return }
      for index in 0..<first { rewriter.replace(.output(index: index), with: last) }
    }
    var notes: [String] = []
    for backend in backends { notes += try backend.prepare(&copy) }
    self.notes = notes
    for value in model.graph.initializers where !copy.graph.contains(value) { model.graph[value].data?.bytes?.evict() }
    let places = copy.graph.outputs.dropFirst(first).map(\.value)
    let inputs = model.graph.inputs.filter { watching.contains($0) }
    graph = copy.graph
    functions = copy.functions
    outputCount = first
    watched = Array(zip(inputs, inputs)) + Array(zip(kept, places))
  }

  /// The results among `values` that some output needs, in the graph's order.
  private static func computed(_ values: Set<ValueID>, in graph: Graph) -> [ValueID] {
    guard !values.isEmpty else { return [] }
    let needed = ExecutionPlan.neededNodes(of: graph)
    return graph.order.filter { needed.contains($0) }.flatMap { node in
      graph[node].results.compactMap { $0 }.filter { values.contains($0) }
    }
  }
}
