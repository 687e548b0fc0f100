internal import DecantIR

/// The constant bounds of a `Clip`; infinite where it has none.
struct ClipBounds {
  /// The least result.
  let lower: Double
  /// The largest result.
  let upper: Double

  /// From numbers.
  init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  /// Those of `node`; nil when one is computed, or when they are NaN or in the wrong order.
  init?(of node: NodeID, in graph: Graph) {
    guard let lower = ClipBounds.bound(1, of: node, default: -.infinity, in: graph),
      let upper = ClipBounds.bound(2, of: node, default: .infinity, in: graph), lower <= upper
    else { return nil }
    self.init(lower: lower, upper: upper)
  }

  private static func bound(_ index: Int, of node: NodeID, default fallback: Double, in graph: Graph) -> Double? {
    guard graph[node].operand(index) != nil else { return fallback }
    guard let tensor = graph.constant(ofOperand: index, of: node), tensor.elementCount == 1 else { return nil }
    return tensor.doubles?.first
  }
}
