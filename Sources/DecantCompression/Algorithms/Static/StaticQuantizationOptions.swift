public import DecantForms
public import DecantIR

/// How static int8 quantization is to be done.
public struct StaticQuantizationOptions: Sendable {
  /// Whose choices are followed: in ONNX Runtime's style those of `quantize_static`.
  public var style: QuantizationStyle
  /// What the quantized model computes with: float operators between pairs, or operators on codes.
  public var form = ModelForm.pairs
  /// The type of activations' codes, of 8 or 16 bits; also of constants that meet activations in arithmetic.
  public var activationType: DataType
  /// The type of weights' codes, of 4, 8 or 16 bits.
  public var weightType: DataType
  /// Whether weights have a scale for each channel.
  public var isPerChannel: Bool
  /// Only these nodes; empty for all.
  public var include: [NodeSelector]
  /// Not these nodes.
  public var exclude: [NodeSelector]
  /// Whether constants use half the codes, for processors whose products of uint8 and int8 saturate.
  public var isReduced = false
  /// Whether activations' ranges are symmetric around zero.
  public var isSymmetric = false
  /// Whether weights with one scale are symmetric; nil for those with signed codes.
  public var weightsAreSymmetric: Bool?
  /// Whether activation functions stay that the clipping of codes could replace.
  public var keepsActivations = false
  /// Whether weights stay float, behind pairs of QuantizeLinear and DequantizeLinear of their own.
  public var keepsFloatWeights = false
  /// Whether every reader of an activation has a pair of its own.
  public var hasDedicatedPairs = false
  /// Whether biases become int32 codes.
  public var quantizesBiases = true
  /// Whether scales of weights grow until biases fit int32.
  public var adjustsWeights = true
  /// Whether activations are evened out column by column before products; never in ONNX Runtime's style.
  public var smoothing: Smoothing = .searched
  /// How many columns of an activation may be multiplied in float beside its codes, where that pays.
  public var outliers = LayerStatistics.usualOutliers
  /// Whether layers in a row share their channels' ranges first; never in ONNX Runtime's style.
  public var equalizes = true
  /// Whether biases make up for what errors of weights add on average; never in ONNX Runtime's style.
  public var correctsBiases = true
  /// Whether products of two activations are quantized in models with attention too.
  public var includesComputedFactors = false
  /// The axis of channels by operator type, where it shall be another than usual.
  public var channelAxes: [String: Int] = [:]

  /// What the user says about the codes of single tensors, by name.
  public var overrides: TensorOverrides = [:]
  /// Where the model is going to run: what would be slower there stays in float; never in ONNX Runtime's style.
  public var target = DeploymentTarget.generic

  /// uint8 activations, int8 weights for each channel, Decant's style.
  public init(
    style: QuantizationStyle = .decant, activationType: DataType = .uint8, weightType: DataType = .int8,
    isPerChannel: Bool = true, include: [NodeSelector] = [], exclude: [NodeSelector] = []
  ) {
    self.style = style
    self.activationType = activationType
    self.weightType = weightType
    self.isPerChannel = isPerChannel
    self.include = include
    self.exclude = exclude
  }
}
