internal import DecantForms
internal import DecantIR

/// Where pairs of QuantizeLinear and DequantizeLinear go for one operator.
enum Placement: String {
  /// A product: operand 0 on its own scale, operand 1 as weight with channels along an axis, operand 2 as int32 bias.
  case weighted = "weighted product"
  /// A matrix product: constants as weights, activations on their own scales.
  case matrixProduct = "matrix product"
  /// Operand 0 on its own scale, a scale vector as weight, a shift as int32 bias.
  case normalization
  /// Every float operand and result on its own scale.
  case arithmetic
  /// The result shares operand 0's scale, when that is quantized.
  case passThrough = "pass through"
  /// A gather: a constant table is quantized, and the result shares its scale.
  case gather
  /// All results share operand 0's scale, which is quantized in any case.
  case split
  /// Operands on their own scales; the result shares operand 0's when padding adds no other values.
  case pad
  /// The result is quantized when both branches are.
  case select
  /// An activation function that the clipping of the codes can replace.
  case removable = "removable activation"
  /// For operators on codes: every float operand and result on its own scale, when operand 0 is quantized.
  case arithmeticOfCodes = "arithmetic of codes"
  /// For operators on codes: a result from 0 to 1, on a scale of 1/256 whatever its range.
  case share
  /// For operators on codes: it reads codes of a quantized operand 0, and its result is no number.
  case reader
  /// For operators on codes: result and padding share the scale of operand 0, when that is quantized.
  case padOfCodes = "pad of codes"
  /// For operators on codes: an activation function that is dropped behind codes, whatever else reads them.
  case dropped = "dropped activation"
}

extension Placement {
  /// Whether codes are of use only on the way to a layer with weights.
  var isBetweenLayers: Bool {
    switch self {
    case .arithmetic, .passThrough, .split, .pad, .select, .arithmeticOfCodes, .padOfCodes: true
    case .weighted, .matrixProduct, .normalization, .gather, .removable, .share, .reader, .dropped: false
    }
  }
}

/// One tool's choice of what is quantized and how.
struct PlacementStyle: Sendable {
  /// By operator of ONNX's own domain.
  let placements: [String: Placement]
  /// Whether the results of weighted operators and matrix products are quantized.
  let quantizesProducts: Bool
  /// The axis of channels of a matrix product's constant operand; negative from the end.
  let matrixChannelAxis: Int
  /// Operators that stay in float at opsets before the given one.
  let minimumOpsets: [String: Int]
  /// Whether the scale vectors of normalizations have channels along axis 1 when they have that many axes.
  let isPerChannelNormalization: Bool
  /// Whether matrix products of two activations are quantized.
  var quantizesComputedFactors = true
  /// What is left in float on purpose, for the report.
  let reason: String

  private static let latent = [
    "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Resize", "MaxPool", "AveragePool", "Slice", "TopK",
  ]

  /// The union of ONNX Runtime 1.31's registries of QLinear and QDQ operators.
  static let onnxRuntime: PlacementStyle = {
    var table: [String: Placement] = [
      "Conv": .weighted, "ConvTranspose": .weighted, "Gemm": .weighted, "MatMul": .matrixProduct,
      "InstanceNormalization": .normalization, "LayerNormalization": .normalization,
      "BatchNormalization": .normalization, "Gather": .gather, "GatherElements": .gather, "Split": .split,
      "Pad": .pad, "Where": .select, "Relu": .removable, "Clip": .removable,
    ]
    for name in latent { table[name] = .passThrough }
    for name in [
      "ArgMax", "Add", "Mul", "LeakyRelu", "Sigmoid", "GlobalAveragePool", "Concat", "Softmax", "CumSum",
      "EmbedLayerNormalization",
    ] { table[name] = .arithmetic }
    return PlacementStyle(
      placements: table, quantizesProducts: true, matrixChannelAxis: 1,
      minimumOpsets: ["MaxPool": 12, "Resize": 11], isPerChannelNormalization: true,
      reason: "ONNX Runtime does not quantize this operator")
  }()

  /// ONNX Runtime 1.31's registry of QLinear operators.
  static let onnxRuntimeOperators: PlacementStyle = {
    var table: [String: Placement] = [
      "Conv": .weighted, "Gemm": .weighted, "MatMul": .matrixProduct, "Gather": .gather, "Split": .split,
      "Pad": .padOfCodes, "Relu": .dropped, "Clip": .dropped, "Softmax": .share, "ArgMax": .reader,
      "GlobalAveragePool": .arithmeticOfCodes,
    ]
    for name in ["Add", "Mul", "LeakyRelu", "Sigmoid", "AveragePool", "Concat"] { table[name] = .arithmetic }
    for name in ["Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Resize", "MaxPool"] {
      table[name] = .passThrough
    }
    return PlacementStyle(
      placements: table, quantizesProducts: true, matrixChannelAxis: -1,
      minimumOpsets: ["MaxPool": 12, "Resize": 11, "Pad": 11], isPerChannelNormalization: false,
      reason: "ONNX Runtime has no operator on codes for it")
  }()

  /// For convolutional models: whole islands of integer arithmetic between the convolutions.
  static let convolutional: PlacementStyle = {
    var table: [String: Placement] = [
      "Conv": .weighted, "ConvTranspose": .weighted, "Gemm": .weighted, "MatMul": .matrixProduct, "Gather": .gather,
      "Split": .split, "Pad": .pad, "Relu": .removable, "Clip": .removable,
    ]
    for name in latent where name != "TopK" { table[name] = .passThrough }
    for name in ["Add", "Mul", "LeakyRelu", "GlobalAveragePool", "Concat"] { table[name] = .arithmetic }
    return PlacementStyle(
      placements: table, quantizesProducts: true, matrixChannelAxis: -1, minimumOpsets: ["MaxPool": 12, "Resize": 11],
      isPerChannelNormalization: false,
      reason: "integer kernels gain nothing here, or codes would cost accuracy")
  }()

  /// For models with attention or layer normalization: only what feeds the products, for residual streams carry outliers.
  static let transformer = PlacementStyle(
    placements: [
      "Conv": .weighted, "ConvTranspose": .weighted, "Gemm": .weighted, "MatMul": .matrixProduct, "Gather": .gather,
    ],
    quantizesProducts: false, matrixChannelAxis: -1, minimumOpsets: [:], isPerChannelNormalization: false,
    quantizesComputedFactors: false,
    reason: "only matrix products and tables are quantized in models with attention")

  /// The nodes whose results reach a layer with weights, by whatever way.
  func leading(_ graph: Graph) -> Set<NodeID> {
    var found: Set<NodeID> = []
    var waiting = graph.order.filter { id in
      guard graph[id].op.domain.isEmpty, let placement = placements[graph[id].op.type] else { return false }
      return (placement == .weighted || placement == .matrixProduct) && graph.constant(ofOperand: 1, of: id) != nil
    }
    while let id = waiting.popLast() {
      for case let operand? in graph[id].operands {
        if let producer = graph[operand].producer, found.insert(producer).inserted { waiting.append(producer) }
      }
    }
    return found
  }

  /// The style for a graph.
  static func choose(_ options: StaticQuantizationOptions, for graph: Graph) -> PlacementStyle {
    guard options.style == .decant else { return options.form == .operators ? .onnxRuntimeOperators : .onnxRuntime }
    return isTransformer(graph) ? .transformer : .convolutional
  }

  /// Whether the graph normalizes layers, or multiplies two activations: the marks of attention.
  private static func isTransformer(_ graph: Graph) -> Bool {
    graph.order.contains { id in
      let node = graph[id]
      switch node.op {
      case "LayerNormalization", "RMSNormalization", "Attention": return true
      case "MatMul":
        return node.operands.allSatisfy { $0.map { graph[$0].definition != .initializer } ?? false }
      default: return false
      }
    }
  }
}
