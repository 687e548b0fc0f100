extension Rewriter {
  /// Copies the nodes and constants of `body` to before `position`, with `arguments` for its inputs; its outputs, nil where
  /// one is an input whose argument is left out.
  ///
  /// Names of values stay where they are free; names of nodes get that of the node at `position` in front, for formats that
  /// want them to be unique. Precondition: as many arguments as inputs.
  package mutating func inline(_ body: Graph, arguments: [ValueID?], before position: NodeID) -> [ValueID?] {
    var copies: [ValueID: ValueID] = [:]
    for (input, argument) in zip(body.inputs, arguments) { copies[input] = argument }
    for value in body.initializers {
      guard let data = body[value].data else { continue }
      copies[value] = addInitializer(body[value].name, data)
    }
    let prefix = graph[position].name.isEmpty ? "" : graph[position].name + "/"
    for id in body.order {
      let source = body[id]
      let copy = addNode(
        source.op, source.operands.map { $0.flatMap { copies[$0] } }, source.attributes, name: prefix + source.name,
        resultNames: source.results.map { $0.map { body[$0].name } },
        resultTypes: source.results.map { $0.map { body[$0].type } ?? .unknown },
        captureCount: source.captureCount, overload: source.overload, at: .before(position))
      annotate(copy, source.annotations)
      for (old, new) in zip(source.results, graph[copy].results) {
        if let old { copies[old] = new }
      }
    }
    return body.outputs.map { copies[$0.value] }
  }
}
