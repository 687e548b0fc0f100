/// Names a node of one graph. It stays valid until the node is erased, and is then never valid again.
@frozen public struct NodeID: Hashable, Sendable {
  @usableFromInline package let index: UInt32
  @usableFromInline package let generation: UInt32

  @inlinable
  package init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }
}

/// Names a value of one graph. It stays valid until the value is erased, and is then never valid again.
@frozen public struct ValueID: Hashable, Sendable {
  @usableFromInline package let index: UInt32
  @usableFromInline package let generation: UInt32

  @inlinable
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
