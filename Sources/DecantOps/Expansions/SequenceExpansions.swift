internal import DecantIR

/// Sequences mapped, in terms of a `Loop` that inserts one element after the other.
///
/// Given: `%out = SequenceMap(%in) {body: b}`.
/// Result: `%out = Loop(SequenceLength(%in), , SequenceEmpty()) {body: SequenceInsert(%out, b(SequenceAt(%in, i)))}`.
enum SequenceExpansions {
  static let all = [Expansion("SequenceMap", map)]

  @Sendable private static func map(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let node = parts.node
    let body = try ControlFlow.graph(node.attributes, "body")
    let captures = node.operands.compactMap { $0 }
    guard body.inputs.count == node.operands.count, captures.count == node.operands.count else {
      throw OpError("'body' expected \(node.operands.count) inputs, got \(body.inputs.count)")
    }
    var types: [ValueType] = []
    for (index, capture) in captures.enumerated() {
      types.append(parts.rewriter.graph[capture].type)
      if types[index] == .unknown, index < node.declaredOperands.count {
        throw OpError("whether operand \(index) is a sequence is not known")
      }
    }
    var states: [ValueID] = []
    var made: [ValueType] = []
    for (result, output) in zip(node.results, body.outputs) {
      let known = result.map { parts.rewriter.graph[$0].type } ?? .sequence(body[output.value].type)
      guard case .sequence(.tensor(let element)) = known, let type = element.dataType else {
        throw OpError("the element type of a result is not known")
      }
      made.append(.sequence(.tensor(type, nil)))
      states.append(parts.add("SequenceEmpty", [], ["dtype": .int(Int64(type.rawValue))]))
    }
    let isSliced = types.enumerated().map { index, type in
      if case .sequence = type { index < node.declaredOperands.count } else { false }
    }
    let step = step(body, types, isSliced, made)
    let count = parts.add("SequenceLength", [try parts.operand(0)])
    return parts.add(
      "Loop", [count, nil] + (states + captures).map(Optional.some), ["body": .graph(step)],
      wanted: made.map { _ in true }, captureCount: captures.count)
  }

  /// One step of the loop: its number, a condition, the sequences so far, and everything captured.
  private static func step(
    _ body: Graph, _ types: [ValueType], _ isSliced: [Bool], _ made: [ValueType]
  ) -> Graph {
    Graph.build(name: "step") { step in
      let place = step.addInput("place", .tensor(.int64, []))
      let goes = step.addInput("goes", .tensor(.bool, []))
      let states = made.indices.map { step.addInput("so_far_\($0)", made[$0]) }
      let captured = types.indices.map { step.addInput("captured_\($0)", types[$0]) }
      let goesOn = step.add("Identity", [goes], name: "goes_on", type: .tensor(.bool, []))
      guard let end = step.graph[goesOn].producer else { return }
      let arguments = zip(captured, isSliced).map { value, isSliced in
        isSliced ? step.add("SequenceAt", [value, place], name: "element", at: .before(end)) : value
      }
      let outputs = step.inline(body, arguments: arguments, before: end)
      step.addOutput("goes_on", goesOn)
      for index in made.indices {
        let longer = step.add(
          "SequenceInsert", [states[index], outputs[index]], name: "longer_\(index)", type: made[index])
        step.addOutput("longer_\(index)", longer)
      }
    }
  }
}
