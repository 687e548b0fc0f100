internal import DecantIR

extension Shape {
  /// Whether `other` has surely the same extents: no unknown one on either side, and symbols by their names.
  func isSurely(_ other: Shape?) -> Bool {
    guard let other, rank == other.rank else { return false }
    return zip(dimensions, other.dimensions).allSatisfy { $0 == $1 && $0 != .unknown }
  }

  /// The constant operand with which `Reshape` turns `source` into this shape; nil where no constant does.
  ///
  /// Numbers stand for themselves, 0 copies an extent from the same place of `source`, and one extent may be -1. An extent
  /// that is the number 0 has no such form.
  func reshapeOperand(from source: Shape?) -> [Int64]? {
    var elements: [Int64] = []
    var hasWildcard = false
    for (axis, dimension) in dimensions.enumerated() {
      if let number = dimension.fixed {
        guard number > 0 else { return nil }
        elements.append(Int64(number))
      } else if let source, axis < source.rank, source[axis] == dimension, dimension != .unknown {
        elements.append(0)
      } else {
        guard !hasWildcard else { return nil }
        hasWildcard = true
        elements.append(-1)
      }
    }
    return elements
  }
}

extension Graph {
  /// The shape of a value, as far as known.
  func shape(of value: ValueID?) -> Shape? { value.flatMap { self[$0].type.shape } }

  /// Whether the first result of `node` has surely the shape of its operand `index`.
  func keepsShape(_ node: NodeID, ofOperand index: Int = 0) -> Bool {
    guard let before = shape(of: self[node].operand(index)) else { return false }
    return before.isSurely(shape(of: self[node].result(0)))
  }

  /// Whether all results of `node` but the first are left out or not read.
  func readsOnlyFirstResult(of node: NodeID) -> Bool {
    self[node].results.dropFirst().allSatisfy { $0.map { self[$0].useCount == 0 } ?? true }
  }

  /// The node that produces operand `index` of `node`, when its operator is among `ops`.
  func producer(ofOperand index: Int, of node: NodeID, among ops: Set<OpName>) -> NodeID? {
    guard let producer = producer(ofOperand: index, of: node), ops.contains(self[producer].op) else { return nil }
    return producer
  }

  /// Whether `node` is the only place that reads `value`.
  func isOnlyRead(_ value: ValueID, by node: NodeID) -> Bool { onlyConsumer(of: value) == node }
}
