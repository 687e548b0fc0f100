internal import DecantIR

/// Attention with subgraphs of the model's own in the middle, from ONNX's preview.
enum FlexAttention {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      OpName("FlexAttention", domain: "ai.onnx.preview"),
      schema: OpSchema(
        since: 1, reads: ["Q", "K", "V"], gives: ["Y"],
        attributes: [
          .init("prob_mod", .graph), .init("scale", .float), .init("score_mod", .graph),
          .init("softmax_precision", .int),
        ]),
      infer: infer, evaluate: FlexAttentionKernel.evaluate)
  ]

  private static func infer(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0)
    var precision: DataType?
    if let type { precision = try self.precision(context.attributes, type) }
    guard let q = context.shape(0), let k = context.shape(1), let v = context.shape(2) else {
      let open: Shape = [.unknown, .unknown, .unknown, .unknown]
      try modified(.tensor(.init(precision, open)), context)
      return [.tensor(.init(type, open))]
    }
    for (index, shape) in [q, k, v].enumerated() where shape.rank != 4 {
      throw OpError("operand \(index): expected rank 4, got \(shape)")
    }
    let scores: Shape = [q[0], q[1], q[2], k[2]]
    try modified(.tensor(.init(precision, scores)), context)
    return [.tensor(.init(type, [q[0], q[1], q[2], v[3]]))]
  }

  /// Enters the subgraphs, which keep the type of what they are given.
  private static func modified(_ type: ValueType, _ context: InferenceContext) throws(OpError) {
    for name in ["score_mod", "prob_mod"] {
      guard let graph = context.attributes.graph(name) else { continue }
      let results = try context.inferSubgraph(graph, [type])
      guard results.count == 1, results[0].merged(with: type) != nil else {
        throw OpError("'\(name)' expected to give \(type), got \(results.map(\.description).joined(separator: ", "))")
      }
    }
  }

  /// The type in which the softmax is computed, which is what the subgraphs see.
  static func precision(_ attributes: Attributes, _ operand: DataType) throws(OpError) -> DataType {
    switch try attributes.dataType("softmax_precision") {
    case nil: return operand == .float64 ? .float64 : .float32
    case let type? where [.float16, .bfloat16, .float32, .float64].contains(type): return type
    case let other?: throw OpError("'softmax_precision' expected f16, bf16, f32 or f64, got \(other)")
    }
  }
}
