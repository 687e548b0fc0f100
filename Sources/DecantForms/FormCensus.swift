public import DecantBytes
public import DecantIR

/// How many nodes of each quantized form a model has.
public struct FormCensus: Sendable {
  /// A way in which nodes compute with codes.
  public enum Kind: String, Sendable, CaseIterable {
    /// QuantizeLinear and DequantizeLinear.
    case pairs = "QDQ"
    /// DequantizeLinear with blocks.
    case blocked = "blocked DequantizeLinear"
    /// Operators on codes with scales known ahead.
    case operators = "QOperator"
    /// Scales found as the model runs.
    case dynamic = "dynamic"
    /// Weights alone, in blocks, as ONNX Runtime has them.
    case blocks = "MatMulNBits"
    /// Weights alone as 4-bit floats.
    case codebook = "MatMulBnb4"
  }

  /// How many nodes of each kind, those with none left out.
  public let counts: [(kind: Kind, count: Int)]

  /// Counts the nodes of `model`, subgraphs and functions included.
  public init(_ model: Model) {
    var found: [Kind: Int] = [:]
    FormCensus.count(model.graph, &found)
    for function in model.functions { FormCensus.count(function.graph, &found) }
    let counted = found
    counts = Kind.allCases.compactMap { kind in counted[kind].map { (kind, $0) } }
  }

  /// Counts the nodes of `graph`, subgraphs included.
  public init(_ graph: Graph) {
    var found: [Kind: Int] = [:]
    FormCensus.count(graph, &found)
    let counted = found
    counts = Kind.allCases.compactMap { kind in counted[kind].map { (kind, $0) } }
  }

  /// Whether any node computes with codes.
  public var isQuantized: Bool { !counts.isEmpty }

  /// Refuses to quantize what is quantized already.
  ///
  /// - Throws: `unsupported`, saying how many nodes of each kind there are.
  public func refuseQuantized() throws(DecantError) {
    guard isQuantized else { return }
    throw DecantError(
      .unsupported, "the model is quantized already: \(text) nodes",
      note: "quantize the float model that it was made from, or what 'decant dequantize' makes of it")
  }

  /// `12 QDQ, 3 dynamic`.
  public var text: String { counts.map { "\($0.count) \($0.kind.rawValue)" }.joined(separator: ", ") }

  private static func count(_ graph: Graph, _ found: inout [Kind: Int]) {
    for id in graph.order {
      if let kind = kind(of: graph[id]) { found[kind, default: 0] += 1 }
      for (_, inner) in graph[id].subgraphs { count(inner, &found) }
    }
  }

  private static func kind(of node: Node) -> Kind? {
    guard node.op.domain.isEmpty || node.op.domain == OpName.microsoft else { return nil }
    switch node.op.type {
    case "QuantizeLinear", "DequantizeLinear":
      return node.attributes.int("block_size", default: 0) > 0 ? .blocked : .pairs
    case "DynamicQuantizeLinear", "MatMulInteger", "ConvInteger", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM",
      "MatMulIntegerToFloat", "MatMulInteger16", "QAttention":
      return .dynamic
    case "MatMulNBits", "GatherBlockQuantized", "QMoE", "MatMulFpQ4": return .blocks
    case "MatMulBnb4": return .codebook
    case "QGemm", "QLinearMatMul", "QEmbedLayerNormalization", "QOrderedMatMul": return .operators
    case let type where type.hasPrefix("QLinear"): return .operators
    default: return nil
    }
  }
}
