public import DecantIR

/// How static int8 quantization is to be done.
public struct StaticQuantizationOptions: Sendable {
  /// Whose choices are followed where there is a choice.
  public enum Style: String, Sendable, CaseIterable {
    /// Decant's own: what the integer kernels gain from and accuracy bears.
    case decant
    /// ONNX Runtime 1.31's `quantize_static`, to the bit.
    case onnxRuntime = "ort"
  }

  /// Whose choices are followed.
  public var style: Style
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
    style: Style = .decant, activationType: DataType = .uint8, weightType: DataType = .int8, isPerChannel: Bool = true,
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

/// What quantization did, for reports.
public struct QuantizationReport: Sendable {
  /// A node and what came of it.
  public struct Decision: Sendable, Hashable {
    /// The node's name.
    public let node: String
    /// Its operator.
    public let op: OpName
    /// What was done, or why nothing was: `weight per channel, bias int32`, `left in float: …`.
    public let outcome: String
    /// Whether anything of it was quantized.
    public let isQuantized: Bool
  }

  /// Node by node, in graph order.
  public internal(set) var decisions: [Decision] = []
  /// How many weights and constants are codes now.
  public internal(set) var weights = 0
  /// How many biases are int32 codes now.
  public internal(set) var biases = 0
  /// How many activations go through a pair of QuantizeLinear and DequantizeLinear.
  public internal(set) var activations = 0
  /// How many activation functions the clipping of the codes made superfluous.
  public internal(set) var removedActivations = 0
  /// What the user should know.
  public internal(set) var notes: [String] = []
}
