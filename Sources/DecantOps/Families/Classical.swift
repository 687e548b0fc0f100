internal import DecantIR

/// Classical machine learning, the domain `ai.onnx.ml`: encoders, scalers, linear models, support vectors and trees.
enum Classical {
  static let definitions: [OpDefinition] = [
    EncoderOps.definitions,
    FeatureOps.definitions,
    LinearOps.definitions,
    MapOps.definitions,
    RescalingOps.definitions,
    SupportVectorOps.definitions,
    TreeOps.definitions,
  ].flatMap { $0 }

  /// An operator of the domain.
  static func name(_ type: String) -> OpName { OpName(type, domain: "ai.onnx.ml") }

  /// The types of a classifier's results for `[N,F]`: a label for each row, and `columns` scores.
  static func inferClassifier(
    _ context: InferenceContext, _ labels: ClassLabels, columns: Int
  ) throws(OpError) -> [ValueType] {
    let rows = try rows(context)
    return [.tensor(labels.dataType, [rows]), .tensor(.float32, [rows, .fixed(columns)])]
  }

  /// How many rows of features operand 0 has; a vector is one row.
  static func rows(_ context: InferenceContext) throws(OpError) -> Dimension {
    guard let shape = context.shape(0) else { return .unknown }
    guard shape.rank == 1 || shape.rank == 2 else { throw OpError("operand 0: expected rank 1 or 2, got \(shape)") }
    return shape.rank == 1 ? .fixed(1) : shape[0]
  }
}
