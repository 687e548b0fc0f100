public import DecantIR

/// How static int8 quantization is to be done.
public struct StaticQuantizationOptions: Sendable {
  /// Whose choices are followed.
  public var style: QuantizationStyle
  /// The type of activations' codes; also of constants that meet activations in arithmetic.
  public var activationType: DataType
  /// The type of weights' codes.
  public var weightType: DataType
  /// Whether weights have a scale for each channel.
  public var isPerChannel: Bool
  /// Only these nodes; empty for all.
  public var include: [NodeSelector]
  /// Not these nodes.
  public var exclude: [NodeSelector]

  /// uint8 activations, int8 weights for each channel, Decant's style.
  public init(
    style: QuantizationStyle = .decant, activationType: DataType = .uint8, weightType: DataType = .int8,
    isPerChannel: Bool = true,
    include: [NodeSelector] = [], exclude: [NodeSelector] = []
  ) {
    self.style = style
    self.activationType = activationType
    self.weightType = weightType
    self.isPerChannel = isPerChannel
    self.include = include
    self.exclude = exclude
  }
}
