import DecantIR
import Testing

/// What a graph should be, said as plainly as possible: lists that are searched from the front.
struct NaiveGraph: Equatable {
  struct Node: Equatable {
    var name: String
    var op: OpName
    var operands: [String?]
    var results: [String?]
  }

  /// A place that reads a value: an operand of a node, or an output.
  struct Reading: Equatable {
    var value: String
    var node: String?
    var index: Int
  }

  var inputs: [String] = []
  var initializers: Set<String> = []
  var nodes: [Node] = []
  var outputs: [String] = []
  var outputNames: [String] = []
  /// Oldest first; a redirected one counts as new.
  var readings: [Reading] = []

  // MARK: Questions

  func place(of node: String) -> Int { nodes.firstIndex { $0.name == node } ?? -1 }

  func isRead(_ value: String) -> Bool { readings.contains { $0.value == value } }

  func isUnread(_ node: Node) -> Bool { !node.results.compactMap(\.self).contains(where: isRead) }

  /// The values that a node at `place` may read.
  func readable(before place: Int) -> [String] {
    inputs + initializers.sorted() + nodes[..<place].flatMap { $0.results.compactMap(\.self) }
  }

  var values: Set<String> { Set(readable(before: nodes.count)) }

  /// The place of the first node that reads `value`.
  func firstReader(of value: String) -> Int {
    readings.filter { $0.value == value }.map { $0.node.map(place) ?? nodes.count }.min() ?? nodes.count
  }

  // MARK: Edits

  mutating func link(_ operands: [String?], of node: String) {
    for (index, value) in operands.enumerated() {
      if let value { readings.append(Reading(value: value, node: node, index: index)) }
    }
  }

  mutating func insert(_ node: Node, at place: Int) {
    nodes.insert(node, at: place)
    link(node.operands, of: node.name)
  }

  mutating func erase(_ node: String) {
    nodes.remove(at: place(of: node))
    readings.removeAll { $0.node == node }
  }

  mutating func eraseWithProducers(_ node: String) {
    var pending = [node]
    while let name = pending.popLast() {
      let place = place(of: name)
      guard place >= 0, isUnread(nodes[place]) else { continue }
      let operands = nodes[place].operands.compactMap(\.self)
      erase(name)
      pending += nodes.filter { node in operands.contains { node.results.contains($0) } }.map(\.name)
    }
  }

  mutating func replaceAllUses(of old: String, with new: String) {
    guard old != new else { return }
    let moved = readings.filter { $0.value == old }
    for reading in moved { redirect(reading, to: new) }
  }

  mutating func redirect(_ reading: Reading, to new: String?) {
    readings.removeAll { $0 == reading }
    if let node = reading.node {
      nodes[place(of: node)].operands[reading.index] = new
    } else if let new {
      outputs[reading.index] = new
    }
    if let new { readings.append(Reading(value: new, node: reading.node, index: reading.index)) }
  }

  mutating func setOperands(_ operands: [String?], of node: String) {
    readings.removeAll { $0.node == node }
    nodes[place(of: node)].operands = operands
    link(operands, of: node)
  }

  mutating func rename(_ value: String, to name: String) {
    func renamed(_ other: String) -> String { other == value ? name : other }
    inputs = inputs.map(renamed)
    initializers = Set(initializers.map(renamed))
    outputs = outputs.map(renamed)
    for index in readings.indices { readings[index].value = renamed(readings[index].value) }
    for index in nodes.indices {
      nodes[index].operands = nodes[index].operands.map { $0.map(renamed) }
      nodes[index].results = nodes[index].results.map { $0.map(renamed) }
    }
  }

  // MARK: The same of a real graph

  init() {}

  init(_ graph: Graph) {
    inputs = graph.inputs.map { graph[$0].name }
    initializers = Set(graph.initializers.map { graph[$0].name })
    nodes = graph.order.map { id in
      let node = graph[id]
      return Node(
        name: node.name, op: node.op, operands: node.operands.map { $0.map { graph[$0].name } },
        results: node.results.map { $0.map { graph[$0].name } })
    }
    outputs = graph.outputs.map { graph[$0.value].name }
    outputNames = graph.outputs.map(\.name)
    for value in graph.allValues {
      for use in graph.uses(of: value) {
        switch use {
        case .operand(let node, let index):
          readings.append(Reading(value: graph[value].name, node: graph[node].name, index: index))
        case .output(let index): readings.append(Reading(value: graph[value].name, node: nil, index: index))
        }
      }
    }
  }

  /// Whether both say the same; readings of one value in the same order.
  func matches(_ other: NaiveGraph) -> Bool {
    guard inputs == other.inputs, initializers == other.initializers, nodes == other.nodes, outputs == other.outputs,
      outputNames == other.outputNames, readings.count == other.readings.count
    else { return false }
    return values.allSatisfy { value in
      readings.filter { $0.value == value } == other.readings.filter { $0.value == value }
    }
  }
}
