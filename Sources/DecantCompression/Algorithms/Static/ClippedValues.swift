internal import DecantIR

/// The values that an activation function alone reads.
///
/// Codes that cannot leave the range of what the function gives lose nothing of what goes into it. So such a value needs no
/// range of its own, and a run that does not watch it computes the function together with what gives the value.
struct ClippedValues {
  /// What the function gives, by what goes in.
  let results: [ValueID: ValueID]

  /// Those in front of the nodes among `chosen` that `style` takes for such functions.
  init(_ graph: Graph, _ chosen: Set<NodeID>, _ style: PlacementStyle) {
    var results: [ValueID: ValueID] = [:]
    for id in graph.order where chosen.contains(id) {
      let node = graph[id]
      guard node.op.domain.isEmpty, style.placements[node.op.type] == .removable, let input = node.operand(0),
        let result = node.result(0), graph[input].useCount == 1, graph[input].producer != nil
      else { continue }
      results[input] = result
    }
    self.results = results
  }

  /// Gives values without a range that of what becomes of them.
  func complete(_ ranges: inout CalibratedRanges, _ graph: Graph) {
    for (input, result) in results where ranges.byName[graph[input].name] == nil {
      ranges.byName[graph[input].name] = ranges.byName[graph[result].name]
    }
  }
}
