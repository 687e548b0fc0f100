/// Checks that a graph is whole: order, uses, names, definitions, subgraph interfaces.
///
/// A correct rewriter cannot break these; tests verify after every pass.
public enum Verifier {
  /// The first thing wrong with `graph`, or nil.
  public static func problem(in graph: Graph) -> String? {
    if let problem = orderProblem(in: graph) ?? valueProblem(in: graph) { return problem }
    var defined: Set<ValueID> = Set(graph.inputs).union(graph.initializers)
    var uses: [ValueID: Int] = [:]
    for node in graph.order {
      if let problem = problem(at: node, in: graph, &defined, &uses) { return problem }
    }
    if let problem = outputProblem(in: graph, defined, &uses) { return problem }
    for value in graph.allValues {
      guard defined.contains(value) else { return "the value '\(graph[value].name)' has no definition" }
      let counted = graph.uses(of: value)
      guard counted.count == graph[value].useCount, counted.count == uses[value, default: 0],
        Set(counted).count == counted.count
      else { return "the uses of '\(graph[value].name)' do not add up" }
    }
    return nil
  }

  /// The list of nodes holds every node once, and reads the same from both ends.
  private static func orderProblem(in graph: Graph) -> String? {
    var (previous, index, count) = (Links.none, graph.first, 0)
    while index != Links.none {
      guard count < graph.nodeCount, graph.nodes.isUsed(index) else {
        return "the order runs in a circle or off the graph"
      }
      guard graph.nodes[slot: index].previous == previous else { return "the order reads differently from its end" }
      (previous, index, count) = (index, graph.nodes[slot: index].next, count + 1)
    }
    guard graph.last == previous, count == graph.nodeCount else { return "the order misses a node" }
    return nil
  }

  private static func valueProblem(in graph: Graph) -> String? {
    var names: Set<String> = []
    for value in graph.allValues {
      guard names.insert(graph[value].name).inserted else { return "two values are called '\(graph[value].name)'" }
      guard graph.value(named: graph[value].name) == value else {
        return "the name '\(graph[value].name)' leads elsewhere"
      }
      if graph[value].definition == .initializer, graph[value].data == nil {
        return "the initializer '\(graph[value].name)' has no data"
      }
      guard usesAreLinked(value, in: graph) else { return "the uses of '\(graph[value].name)' do not add up" }
    }
    for (index, input) in graph.inputs.enumerated() {
      guard graph.contains(input), graph[input].definition == .input(index: index) else {
        return "input \(index) does not know its place"
      }
    }
    return nil
  }

  /// Whether the uses of `value` are its own, as many as it says, and linked both ways.
  private static func usesAreLinked(_ value: ValueID, in graph: Graph) -> Bool {
    var (previous, slot, count) = (Links.none, graph[value].firstUse, 0)
    while slot != Links.none {
      guard count < graph[value].useCount, graph.uses[slot].value == value, graph.uses[slot].previous == previous else {
        return false
      }
      (previous, slot, count) = (slot, graph.uses[slot].next, count + 1)
    }
    return count == graph[value].useCount && graph[value].lastUse == previous
  }

  private static func outputProblem(
    in graph: Graph, _ defined: Set<ValueID>, _ uses: inout [ValueID: Int]
  ) -> String? {
    var names: Set<String> = []
    for (index, output) in graph.outputs.enumerated() {
      guard names.insert(output.name).inserted else { return "two outputs are called '\(output.name)'" }
      guard defined.contains(output.value) else { return "the output '\(output.name)' is not defined" }
      guard graph.uses[output.use].use == .output(index: index), graph.uses[output.use].value == output.value else {
        return "the output '\(output.name)' is not among the uses of '\(graph[output.value].name)'"
      }
      uses[output.value, default: 0] += 1
    }
    return nil
  }

  private static func problem(
    at id: NodeID, in graph: Graph, _ defined: inout Set<ValueID>, _ uses: inout [ValueID: Int]
  ) -> String? {
    let node = graph[id]
    guard node.uses.count == node.operands.count, node.captureCount <= node.operands.count else {
      return "'\(node.name)' has \(node.operands.count) operands and \(node.uses.count) uses"
    }
    for (index, operand) in node.operands.enumerated() {
      guard let operand else { continue }
      guard graph.contains(operand) else { return "'\(node.name)' reads a value that was erased" }
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
      guard graph.contains(result), graph[result].definition == .result(id, index: index) else {
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
