extension Graph: Hashable {
  /// Whether both are the same graph, written the same way: interface, order, names, types, attributes and data.
  ///
  /// Handles may differ. Initializers are compared by name, in any order.
  public static func == (left: Graph, right: Graph) -> Bool {
    guard left.name == right.name, left.annotations == right.annotations,
      left.nodeCount == right.nodeCount, left.valueCount == right.valueCount,
      left.inputs.count == right.inputs.count, left.outputs.count == right.outputs.count
    else { return false }
    for (a, b) in zip(left.inputs, right.inputs) where !left.sameValue(a, right, b) { return false }
    for (a, b) in zip(left.outputs, right.outputs) {
      guard a.name == b.name, a.declaredType == b.declaredType, a.annotations == b.annotations,
        left[a.value].name == right[b.value].name
      else { return false }
    }
    for a in left.initializers {
      guard let b = right.value(named: left[a].name), left.sameValue(a, right, b) else { return false }
    }
    return zip(left.order, right.order).allSatisfy { left.sameNode($0, right, $1) }
  }

  private func sameValue(_ mine: ValueID, _ other: Graph, _ theirs: ValueID) -> Bool {
    let (a, b) = (self[mine], other[theirs])
    return a.name == b.name && a.type == b.type && a.data == b.data && a.annotations == b.annotations
      && a.useCount == b.useCount
  }

  private func sameNode(_ mine: NodeID, _ other: Graph, _ theirs: NodeID) -> Bool {
    let (a, b) = (self[mine], other[theirs])
    guard a.op == b.op, a.name == b.name, a.overload == b.overload, a.captureCount == b.captureCount,
      a.annotations == b.annotations, a.attributes == b.attributes,
      a.operands.count == b.operands.count, a.results.count == b.results.count
    else { return false }
    let operands = zip(a.operands, b.operands).allSatisfy { mine, theirs in
      mine.map { self[$0].name } == theirs.map { other[$0].name }
    }
    return operands
      && zip(a.results, b.results).allSatisfy { mine, theirs in
        guard let mine, let theirs else { return mine == nil && theirs == nil }
        return sameValue(mine, other, theirs)
      }
  }

  /// Hashes the interface and the sizes.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(nodeCount)
    hasher.combine(valueCount)
    for output in outputs { hasher.combine(output.name) }
  }
}

extension Graph {
  /// Whether both are copies of one graph that neither was edited since. O(1); false does not mean that they differ.
  package func isSameStorage(as other: Graph) -> Bool {
    values.isSameStorage(as: other.values) && nodes.isSameStorage(as: other.nodes)
      && outputs.map(\.value) == other.outputs.map(\.value)
  }
}
