public import DecantForms

/// How weights alone are to be put into codes.
public struct WeightOnlyOptions: Sendable {
  /// How a product with coded weights stands in the graph.
  public enum Form: String, Sendable, CaseIterable {
    /// As ONNX Runtime's operators: `com.microsoft.MatMulNBits` and `com.microsoft.GatherBlockQuantized`.
    case blocks = "matmulnbits"
    /// As ONNX's own: a DequantizeLinear of few-bit codes in blocks before the product; from opset 21 on.
    case dequantize = "qdq"
  }

  /// The codes.
  public var format: BlockFormat
  /// How they are chosen.
  public var algorithm: WeightAlgorithm
  /// How they stand in the graph.
  public var form: Form
  /// Whether tables that are looked up become codes too.
  public var quantizesTables: Bool
  /// The `accuracy_level` of MatMulNBits, which lets a runtime round activations: 0 for float32, 4 for int8.
  public var accuracyLevel: Int
  /// Whose meaning of an algorithm's name counts.
  public var style = QuantizationStyle.decant
  /// Only these nodes; empty for all.
  public var include: [NodeSelector]
  /// Not these nodes.
  public var exclude: [NodeSelector]

  /// ONNX Runtime's operators, tables too, activations in int8.
  public init(
    _ format: BlockFormat, algorithm: WeightAlgorithm, form: Form = .blocks, quantizesTables: Bool = true,
    accuracyLevel: Int = 4, include: [NodeSelector] = [], exclude: [NodeSelector] = []
  ) {
    self.format = format
    self.algorithm = algorithm
    self.form = form
    self.quantizesTables = quantizesTables
    self.accuracyLevel = accuracyLevel
    self.include = include
    self.exclude = exclude
  }
}
