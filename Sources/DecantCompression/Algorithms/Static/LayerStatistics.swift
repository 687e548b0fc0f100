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
