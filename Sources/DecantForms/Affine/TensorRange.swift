/// The least and the greatest value that codes shall reach.
public struct TensorRange: Sendable, Hashable {
  /// The least.
  public var low: Float
  /// The greatest.
  public var high: Float

  /// From both ends.
  public init(_ low: Float, _ high: Float) {
    self.low = low
    self.high = high
  }

  /// How far apart the ends are.
  public var width: Float { high - low }

  /// The larger magnitude of both ends.
  public var magnitude: Float { max(abs(low), abs(high)) }
}
