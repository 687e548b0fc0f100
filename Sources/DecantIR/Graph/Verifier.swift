/// Checks that a graph is whole: order, uses, names, definitions, subgraph interfaces.
///
/// A correct rewriter cannot break these; tests verify after every pass.
public enum Verifier {
  /// The first thing wrong with `graph`, or nil.
  public static func problem(in graph: Graph) -> String? {
    var defined: Set<ValueID> = Set(graph.inputs).union(graph.initializers)
    var names: Set<String> = []
    var uses: [ValueID: Int] = [:]
    for value in graph.allValues {
      guard names.insert(graph[value].name).inserted else { return "two values are called '\(graph[value].name)'" }
      guard graph.value(named: graph[value].name) == value else {
        return "the name '\(graph[value].name)' leads elsewhere"
      }
      if graph[value].definition == .initializer, graph[value].data == nil {
        return "the initializer '\(graph[value].name)' has no data"
      }
    }
    for (index, input) in graph.inputs.enumerated() where graph[input].definition != .input(index: index) {
      return "input \(index) does not know its place"
    }
    for node in graph.order {
      if let problem = problem(at: node, in: graph, &defined, &uses) { return problem }
    }
    for output in graph.outputs {
      guard defined.contains(output.value) else { return "the output '\(output.name)' is not defined" }
      uses[output.value, default: 0] += 1
    }
    for value in graph.allValues {
      guard defined.contains(value) else { return "the value '\(graph[value].name)' has no definition" }
      let counted = graph.uses(of: value).count
      guard counted == graph[value].useCount, counted == uses[value, default: 0] else {
        return "the uses of '\(graph[value].name)' do not add up"
      }
    }
    return nil
  }

  private static func problem(
    at id: NodeID, in graph: Graph, _ defined: inout Set<ValueID>, _ uses: inout [ValueID: Int]
  ) -> String? {
    let node = graph[id]
    for (index, operand) in node.operands.enumerated() {
      guard let operand else { continue }
      guard defined.contains(operand) else {
        return "'\(node.name)' reads '\(graph[operand].name)' before it is defined"
      }
      let slot = node.uses[index]
      guard slot != Links.none, graph.uses[slot].use == .operand(id, index: index), graph.uses[slot].value == operand
      else {
        return "operand \(index) of '\(node.name)' is not among the uses of '\(graph[operand].name)'"
      }
      uses[operand, default: 0] += 1
    }
    for (index, result) in node.results.enumerated() {
      guard let result else { continue }
      guard graph[result].definition == .result(id, index: index) else {
        return "result \(index) of '\(node.name)' does not know its place"
      }
      defined.insert(result)
    }
    for (name, subgraph) in node.subgraphs {
      guard subgraph.inputs.count >= node.captureCount else {
        return "the subgraph '\(name)' of '\(node.name)' has no inputs for its captured values"
      }
      if let problem = problem(in: subgraph) { return "'\(node.name)'.\(name): \(problem)" }
    }
    return nil
  }
}
