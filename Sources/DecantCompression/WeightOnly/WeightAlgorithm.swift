internal import DecantIR

/// A way to choose codes for weights: its name, what it needs to know of the data, and how it starts.
public struct WeightAlgorithm: Sendable {
  /// What has to be known of the inputs of a product.
  public enum Knowledge: Sendable {
    /// Nothing.
    case none
    /// How inputs go together: the sums of their products over all samples.
    case products
  }

  /// The name that users choose it by.
  public let name: String
  /// What it does, in a line.
  public let summary: String
  /// What it needs to know of the data.
  public let needs: Knowledge
  /// Whether it has to see samples.
  public var needsSamples: Bool { if case .products = needs { true } else { false } }
  /// Gets ready for one weight. Products of inputs are given where ``needs`` asks for them.
  let start: @Sendable (_ form: WeightOnlyOptions.Form, _ products: InputProducts?) throws(OpError) -> any WeightCoder

  /// All of them, the default first.
  public static let all: [WeightAlgorithm] = [
    WeightAlgorithm(
      name: "mse", summary: "ranges of least squared error, codes by rounding", needs: .none, start: startRangeSearch),
    WeightAlgorithm(
      name: "rtn", summary: "ranges from the extremes, codes by rounding", needs: .none, start: startRounding),
    WeightAlgorithm(
      name: "gptq", summary: "errors spread over the inputs that follow, by how they go together in samples",
      needs: .products, start: startErrorPropagation),
  ]

  /// The algorithm called `name`.
  public static func named(_ name: String) -> WeightAlgorithm? { all.first { $0.name == name } }

  private static func startRangeSearch(
    _ form: WeightOnlyOptions.Form, _ products: InputProducts?
  ) throws(OpError) -> any WeightCoder {
    RangeSearch(importance: nil)
  }

  /// To the bit what ONNX Runtime's block quantizer gives for either form.
  private static func startRounding(
    _ form: WeightOnlyOptions.Form, _ products: InputProducts?
  ) throws(OpError) -> any WeightCoder { RoundToNearest(addsAfter: form == .dequantize) }

  private static func startErrorPropagation(
    _ form: WeightOnlyOptions.Form, _ products: InputProducts?
  ) throws(OpError) -> any WeightCoder {
    guard let products else { throw OpError("its inputs were not seen in the samples") }
    return try ErrorPropagation(products.matrix)
  }
}
