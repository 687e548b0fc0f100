public import DecantIR

/// How much arithmetic a node does, for operators whose time goes into products.
///
/// A multiply-add counts as two operations. What is done besides (biases, activations, softmax) is left out: it is small beside the
/// products, and other operators are better measured by the bytes that they move.
public enum OperationCosts {
  /// The extents that a node sees, all known; nil where an operand or result is left out.
  public struct Shapes: Sendable {
    let operands: [[Int]?]
    let results: [[Int]?]

    /// From the node's operands and results.
    public init(operands: [[Int]?], results: [[Int]?]) {
      self.operands = operands
      self.results = results
    }

    func operand(_ index: Int) -> [Int]? { index < operands.count ? operands[index] : nil }
    func result(_ index: Int) -> [Int]? { index < results.count ? results[index] : nil }
  }

  /// The operations of a node; nil for operators that are no products, and for forms that are not counted.
  public static func operations(of op: OpName, _ attributes: Attributes, _ shapes: Shapes) -> Double? {
    table[op]?.count(attributes, shapes)
  }

  /// The operands whose elements are multiplied; empty for operators that are no products.
  public static func factors(of op: OpName) -> [Int] { table[op]?.factors ?? [] }

  typealias Count = @Sendable (Attributes, Shapes) -> Double?

  /// One operator.
  struct Rule: Sendable {
    let factors: [Int]
    let count: Count
  }

  /// One line an operator, sorted by domain and name.
  private static let table: [OpName: Rule] = [
    "Attention": Rule(factors: [0, 1], count: AttentionCosts.heads),
    "Conv": Rule(factors: [0, 1], count: ProductCosts.convolution(weight: 1)),
    "ConvInteger": Rule(factors: [0, 1], count: ProductCosts.convolution(weight: 1)),
    "ConvTranspose": Rule(factors: [0, 1], count: ProductCosts.transposedConvolution),
    "DeformConv": Rule(factors: [0, 1], count: ProductCosts.convolution(weight: 1)),
    "GRU": Rule(factors: [0, 1], count: ProductCosts.recurrent),
    "Gemm": Rule(factors: [0, 1], count: ProductCosts.matrix),
    "LSTM": Rule(factors: [0, 1], count: ProductCosts.recurrent),
    "MatMul": Rule(factors: [0, 1], count: ProductCosts.matrix),
    "MatMulInteger": Rule(factors: [0, 1], count: ProductCosts.matrix),
    "QLinearConv": Rule(factors: [0, 3], count: ProductCosts.convolution(weight: 3)),
    "QLinearMatMul": Rule(factors: [0, 3], count: ProductCosts.matrix),
    "RNN": Rule(factors: [0, 1], count: ProductCosts.recurrent),
    .microsoft("Attention"): Rule(factors: [0, 1], count: AttentionCosts.projected),
    .microsoft("DynamicQuantizeLSTM"): Rule(factors: [0, 1], count: ProductCosts.recurrent),
    // Its activations become codes before they are multiplied.
    .microsoft("DynamicQuantizeMatMul"): Rule(factors: [1], count: ProductCosts.matrix),
    .microsoft("FusedConv"): Rule(factors: [0, 1], count: ProductCosts.convolution(weight: 1)),
    .microsoft("FusedGemm"): Rule(factors: [0, 1], count: ProductCosts.matrix),
    .microsoft("FusedMatMul"): Rule(factors: [0, 1], count: ProductCosts.matrix),
    .microsoft("GroupQueryAttention"): Rule(factors: [0], count: AttentionCosts.heads),
    .microsoft("MatMulBnb4"): Rule(factors: [0], count: ProductCosts.blocks),
    .microsoft("MatMulIntegerToFloat"): Rule(factors: [0, 1], count: ProductCosts.matrix),
    // So may its activations.
    .microsoft("MatMulNBits"): Rule(factors: [1], count: ProductCosts.blocks),
    .microsoft("MultiHeadAttention"): Rule(factors: [0], count: AttentionCosts.heads),
    .microsoft("QGemm"): Rule(factors: [0, 3], count: ProductCosts.matrix),
  ]

  /// The product of extents, which no real tensor takes beyond what a double holds.
  static func elements(_ shape: some Sequence<Int>) -> Double { shape.reduce(1) { $0 * Double($1) } }
}
