/// How a model's weights, and its activations if asked, become 8-bit floats.
public struct Float8Options: Sendable {
  /// The type of the codes.
  public var type: Float8Type
  /// Whether weights have a scale for each channel.
  public var isPerChannel: Bool
  /// The ranges of activations; nil to leave activations in float.
  public var ranges: CalibratedRanges?
  /// Only these nodes; empty for all.
  public var include: [NodeSelector]
  /// Not these nodes.
  public var exclude: [NodeSelector]

  /// From its parts.
  public init(
    _ type: Float8Type, isPerChannel: Bool = true, ranges: CalibratedRanges? = nil, include: [NodeSelector] = [],
    exclude: [NodeSelector] = []
  ) {
    self.type = type
    self.isPerChannel = isPerChannel
    self.ranges = ranges
    self.include = include
    self.exclude = exclude
  }
}
