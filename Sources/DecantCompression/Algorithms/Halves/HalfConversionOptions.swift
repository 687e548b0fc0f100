/// How a model is converted to half floats.
public struct HalfConversionOptions: Sendable {
  /// The type to convert to.
  public var type: HalfType
  /// Only these nodes may become half; empty for all.
  public var include: [NodeSelector]
  /// Nodes that stay in float32.
  public var keep: [NodeSelector]
  /// Whether the inputs and outputs of the model stay float32.
  public var keepsInterface: Bool
  /// What calibration saw, by value; nil for static rules in its place.
  public var statistics: CalibrationStatistics?
  /// The operator set that the model will be written at: it decides which operators take the type.
  public var opset: Int

  /// From its parts.
  public init(
    _ type: HalfType, opset: Int, include: [NodeSelector] = [], keep: [NodeSelector] = [], keepsInterface: Bool = true,
    statistics: CalibrationStatistics? = nil
  ) {
    self.type = type
    self.opset = opset
    self.include = include
    self.keep = keep
    self.keepsInterface = keepsInterface
    self.statistics = statistics
  }
}
