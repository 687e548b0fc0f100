public import DecantIR

/// How dynamic int8 quantization is to be done.
public struct DynamicQuantizationOptions: Sendable {
  /// Whose choices are followed: in ONNX Runtime's style those of `quantize_dynamic`.
  public var style: QuantizationStyle
  /// The type of weights' codes; activations are always uint8.
  public var weightType: DataType
  /// Whether weights have a scale for each column.
  public var isPerChannel: Bool
  /// Whether weights use half the codes, for processors whose products of uint8 and int8 saturate.
  public var isReduced: Bool
  /// Whether products of two activations are quantized too.
  public var includesComputedFactors: Bool
  /// Whether columns of activations are evened out before products: of normalized ones by what their constants say, of all by
  /// what samples say where they were seen. Not in ONNX Runtime's style.
  public var smoothing: Smoothing
  /// How many columns of an activation may be multiplied in float beside its codes, where samples say that it pays; nil for
  /// models that learn nothing from samples.
  public var outliers: Int?
  /// Only these nodes; empty for all that gain.
  public var include: [NodeSelector]
  /// Not these nodes.
  public var exclude: [NodeSelector]

  /// int8 weights for each column, Decant's style.
  public init(
    style: QuantizationStyle = .decant, weightType: DataType = .int8, isPerChannel: Bool = true,
    isReduced: Bool = false, includesComputedFactors: Bool = false, smoothing: Smoothing = .searched,
    outliers: Int? = nil, include: [NodeSelector] = [],
    exclude: [NodeSelector] = []
  ) {
    self.style = style
    self.weightType = weightType
    self.isPerChannel = isPerChannel
    self.isReduced = isReduced
    self.includesComputedFactors = includesComputedFactors
    self.smoothing = smoothing
    self.outliers = outliers
    self.include = include
    self.exclude = exclude
  }
}
