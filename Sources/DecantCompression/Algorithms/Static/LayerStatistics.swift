internal import DecantIR

/// What calibration learned beside ranges, for the steps that need it.
public struct LayerStatistics: Sendable {
  /// Channels of the values that go into products, by value name.
  public var channels: [String: ChannelStatistics]
  /// How ranges were chosen, and are for values that a step makes.
  public var method: CalibrationMethod

  /// From what a run over the samples took; nothing by default.
  public init(channels: [String: ChannelStatistics] = [:], method: CalibrationMethod = .minMax) {
    self.channels = channels
    self.method = method
  }

  /// How many columns of an activation may be multiplied in float where the user does not say.
  public static let usualOutliers = 4

  /// What operators of the given kinds among `chosen` read, and the axis of its channels, where their weights are constants.
  static func channels(of chosen: Set<NodeID>, _ operators: Set<OpName>, in graph: Graph) -> [ValueID: Int] {
    var axes: [ValueID: Int] = [:]
    for id in chosen {
      let node = graph[id]
      guard operators.contains(node.op), let input = node.operand(0), node.operand(1) != nil,
        graph.constant(ofOperand: 1, of: id)?.dataType == .float32, graph[input].definition != .initializer,
        graph[input].type.dataType == .float32, let rank = graph[input].type.shape?.dimensions.count, rank > 1
      else { continue }
      axes[input] = node.op == "Conv" ? 1 : rank - 1
    }
    return axes
  }
}

/// Whether activations are evened out column by column before they become codes.
public enum Smoothing: Sendable, Hashable {
  /// Where it lowers the error of the products, with the exponent that lowers it most.
  case searched
  /// Nowhere.
  case off
  /// Everywhere, with this exponent.
  case fixed(Float)
}
