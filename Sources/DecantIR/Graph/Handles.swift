/// Names a node of one graph. It stays valid until the node is erased, and is then never valid again.
public struct NodeID: Hashable, Sendable {
  package let index: UInt32
  package let generation: UInt32

  package init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }
}

/// Names a value of one graph. It stays valid until the value is erased, and is then never valid again.
public struct ValueID: Hashable, Sendable {
  package let index: UInt32
  package let generation: UInt32

  package init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }
}

/// A place that reads a value.
public enum Use: Hashable, Sendable {
  /// Operand `index` of `node`.
  case operand(NodeID, index: Int)
  /// Output `index` of the graph.
  case output(index: Int)

  /// The node that reads; nil for an output of the graph.
  public var node: NodeID? {
    if case .operand(let node, _) = self { node } else { nil }
  }
}
