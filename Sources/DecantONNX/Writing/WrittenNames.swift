internal import DecantIR

/// The names under which the values of one graph stand in a file.
///
/// They are the values' own but where that cannot be: an output's name belongs to the value behind it, captured values
/// have their outer names, and a subgraph must not repeat the names around it.
struct WrittenNames {
  /// The names of the graph's outputs, in order.
  private(set) var outputs: [String] = []

  private let graph: Graph
  private var changed: [ValueID: String] = [:]
  private var outputValues: Set<ValueID> = []

  init(_ graph: Graph, captured: [String], outer: Set<String>) {
    self.graph = graph
    for (id, name) in zip(graph.inputs.suffix(captured.count), captured) where graph[id].name != name {
      changed[id] = name
    }
    var taken: Set<String> = []
    nameOutputs(outer, captured: Set(graph.inputs.suffix(captured.count)), &taken)
    if !outer.isEmpty { avoid(outer, captured.count, &taken) }
  }

  /// The name of a value.
  subscript(value: ValueID) -> String { changed[value] ?? graph[value].name }

  /// Whether the value stands in the file as an output of the graph.
  func isOutput(_ value: ValueID) -> Bool { outputValues.contains(value) }

  private mutating func nameOutputs(_ outer: Set<String>, captured: Set<ValueID>, _ taken: inout Set<String>) {
    for output in graph.outputs {
      let isFree = !outer.contains(output.name) || captured.contains(output.value) && self[output.value] == output.name
      let name = isFree ? output.name : fresh(output.name, outer, taken)
      outputs.append(name)
      taken.insert(name)
    }
    for (output, name) in zip(graph.outputs, outputs) {
      guard self[output.value] != name else {
        outputValues.insert(output.value)
        continue
      }
      guard graph[output.value].producer != nil, !outputValues.contains(output.value) else { continue }
      changed[output.value] = name
      outputValues.insert(output.value)
    }
    for name in outputs {
      guard let other = graph.value(named: name), self[other] == name, !outputValues.contains(other),
        !captured.contains(other)
      else { continue }
      changed[other] = fresh(name, outer, taken)
      if let name = changed[other] { taken.insert(name) }
    }
  }

  private mutating func avoid(_ outer: Set<String>, _ captureCount: Int, _ taken: inout Set<String>) {
    let captured = Set(graph.inputs.suffix(captureCount))
    for id in graph.allValues where !captured.contains(id) && outer.contains(self[id]) {
      let name = fresh(self[id], outer, taken)
      changed[id] = name
      taken.insert(name)
    }
  }

  private func fresh(_ base: String, _ outer: Set<String>, _ taken: Set<String>) -> String {
    var number = 1
    while true {
      let name = "\(base)_\(number)"
      if !outer.contains(name), !taken.contains(name), graph.value(named: name) == nil { return name }
      number += 1
    }
  }
}
