internal import DecantIR

/// Two layers with nothing between them that minds positive factors of channels.
struct EqualizedPair {
  let first: NodeID
  let second: NodeID
  /// A Clip between them with zero as its lower bound, and its upper bound.
  let clip: (node: NodeID, bound: Float)?

  /// Operators `f` with `f(s·x) = s·f(x)` for each channel and s > 0.
  private static let homogeneous: Set<OpName> = [
    "Relu", "LeakyRelu", "PRelu", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Identity", "Flatten",
  ]

  /// The pair that begins at `first`; nil when what follows has other readers, or is no layer.
  init?(from first: NodeID, in graph: Graph) {
    var clip: (node: NodeID, bound: Float)?
    var value = graph[first].result(0)
    for _ in 0..<8 {
      guard let current = value, let next = graph.onlyConsumer(of: current), graph[next].operand(0) == current else {
        return nil
      }
      switch graph[next].op {
      case "Conv", "Gemm":
        self.first = first
        second = next
        self.clip = clip
        return
      case "Clip":
        guard clip == nil, let bound = EqualizedPair.upperBound(next, in: graph) else { return nil }
        if bound.isFinite { clip = (next, bound) }
      case "Flatten":
        guard graph[next].attributes.int("axis", default: 1) == 1 else { return nil }
      case "Reshape":
        guard EqualizedPair.isFlattening(next, in: graph) else { return nil }
      case let op where EqualizedPair.homogeneous.contains(op):
        guard op != "PRelu" || graph.constant(ofOperand: 1, of: next) != nil else { return nil }
      default: return nil
      }
      value = graph[next].result(0)
    }
    return nil
  }

  /// The upper bound of a Clip from zero on; infinite where it has none.
  private static func upperBound(_ node: NodeID, in graph: Graph) -> Float? {
    guard graph.constant(ofOperand: 1, of: node)?.floats == [0] else { return nil }
    guard graph[node].operand(2) != nil else { return .infinity }
    guard let bound = graph.constant(ofOperand: 2, of: node)?.floats, bound.count == 1, bound[0] > 0 else { return nil }
    return bound[0]
  }

  /// Whether a Reshape makes rows of all but the first axis.
  private static func isFlattening(_ node: NodeID, in graph: Graph) -> Bool {
    guard let before = graph[node].operand(0).flatMap({ graph[$0].type.shape }),
      let after = graph[node].result(0).flatMap({ graph[$0].type.shape })
    else { return false }
    let extents = before.dimensions.dropFirst().map(\.fixed)
    guard after.dimensions.count == 2, before.dimensions.count > 2, !extents.contains(nil) else { return false }
    return after.dimensions[1].fixed == extents.compactMap { $0 }.reduce(1, *)
  }
}
