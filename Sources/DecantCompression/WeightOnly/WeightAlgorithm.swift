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
  /// Whether zero points are part of what it chooses, so that symmetric blocks leave it nothing to do.
  public let choosesZeroPoints: Bool
  /// Whether inputs are scaled, and weights to make up for it, before codes are chosen.
  public let scalesInputs: Bool
  /// Whether it has to see samples.
  public var needsSamples: Bool { if case .products = needs { true } else { false } }
  /// Gets ready for one weight. Products of inputs are given where ``needs`` asks for them.
  let start: @Sendable (_ options: WeightOnlyOptions, _ products: InputProducts?) throws(OpError) -> any WeightCoder

  /// All of them, the default first.
  public static let all: [WeightAlgorithm] = [
    WeightAlgorithm("mse", "ranges of least squared error, codes by rounding") { _ in RangeSearch(importance: nil) },
    // To the bit what ONNX Runtime's block quantizer gives for either form, or what its `RTN` gives.
    WeightAlgorithm("rtn", "ranges from the extremes, codes by rounding") { options in
      options.style == .decant
        ? RoundToNearest(addsAfter: options.form == .dequantize) : SpanRounding() as any WeightCoder
    },
    WeightAlgorithm("k-quant", "ranges by weighted least squares, as ggml searches them", choosesZeroPoints: true) {
      _ in
      KQuant()
    },
    WeightAlgorithm("hqq", "zero points that leave few large errors (half-quadratic)", choosesZeroPoints: true) { _ in
      HalfQuadratic()
    },
    WeightAlgorithm(learned: "seqmse", "block after block, the range that leaves the result of the product best") {
      SequentialSearch(products: $0)
    },
    WeightAlgorithm(learned: "gptq", "errors spread over the inputs that follow, by how they go together in samples") {
      (products) throws(OpError) in try ErrorPropagation(products)
    },
    WeightAlgorithm(
      learned: "awq", "inputs scaled so that rounding spares the weights that meet most, then ranges as by seqmse",
      scalesInputs: true
    ) { SequentialSearch(products: $0) },
    WeightAlgorithm(learned: "adaround", "up or down for each weight, learned for the result of the product; slow") {
      AdaptiveRounding(products: $0)
    },
    WeightAlgorithm(learned: "autoround", "offsets and ranges by sign descent, for the result of each product; slow") {
      SignRounding(products: $0)
    },
  ]

  /// The algorithm called `name`.
  public static func named(_ name: String) -> WeightAlgorithm? { all.first { $0.name == name } }

  /// The names of those that learn from samples, as a list for messages.
  public static var learning: String { all.filter(\.needsSamples).map(\.name).joined(separator: ", ") }

  /// One that looks at weights alone.
  private init(
    _ name: String, _ summary: String, choosesZeroPoints: Bool = false,
    _ coder: @escaping @Sendable (WeightOnlyOptions) -> any WeightCoder
  ) {
    (self.name, self.summary, needs, self.choosesZeroPoints) = (name, summary, .none, choosesZeroPoints)
    scalesInputs = false
    start = { (options, _) in coder(options) }
  }

  /// One that learns from the products of inputs, Xᵀ X.
  private init(
    learned name: String, _ summary: String, scalesInputs: Bool = false,
    _ coder: @escaping @Sendable (Matrix) throws(OpError) -> any WeightCoder
  ) {
    (self.name, self.summary, needs, choosesZeroPoints) = (name, summary, .products, false)
    self.scalesInputs = scalesInputs
    start = { (_, products) throws(OpError) in
      guard let products else { throw OpError("its inputs were not seen in the samples") }
      return try coder(products.matrix)
    }
  }
}
