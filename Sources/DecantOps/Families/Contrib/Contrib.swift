internal import DecantIR

/// Operators of ONNX Runtime's domain `com.microsoft` that its optimizer, its quantizer and model builders write.
///
/// They are thin: each prepares its operands for the kernel of a standard operator wherever there is one.
enum Contrib {
  static let definitions: [OpDefinition] = [
    BlockQuantized.definitions,
    ContribActivation.definitions,
    ContribAttention.definitions,
    ContribDecoding.definitions,
    ContribExperts.definitions,
    ContribFused.definitions,
    ContribImage.definitions,
    ContribIntegerProducts.definitions,
    ContribLayout.definitions,
    ContribMath.definitions,
    ContribNormalization.definitions,
    ContribQuantization.definitions,
    ContribRecurrent.definitions,
    ContribRenamed.definitions,
    ContribTokens.definitions,
    ContribRotation.definitions,
    GroupQueryAttention.definitions,
    MultiHeadAttention.definitions,
    QLinearArithmetic.definitions,
    QLinearReduction.definitions,
  ].flatMap { $0 }
}

extension EvaluationContext {
  /// The context in which the kernel of another operator computes on `operands`.
  func with(_ operands: [Tensor?], attributes: Attributes? = nil, results count: Int = 1) -> EvaluationContext {
    EvaluationContext(
      op: op, attributes: attributes ?? self.attributes, operands: operands,
      wanted: Array(repeating: true, count: count), byteLimit: byteLimit)
  }

  /// A tensor of halves as f32, and other floats as they are.
  ///
  /// - Throws: ``OpError`` for a tensor of no type that kernels compute in.
  func widened(_ tensor: Tensor) throws(OpError) -> Tensor {
    switch tensor.dataType {
    case .float32, .float64: return tensor
    case .float16, .bfloat16: return try convert(tensor, Conversion(target: .float32))
    default: throw expected("floats", tensor)
    }
  }

  /// Operand `index`, ``widened(_:)``; nil when it is left out.
  func optionalWidened(_ index: Int) throws(OpError) -> Tensor? {
    guard let tensor = try optionalOperand(index) else { return nil }
    return try widened(tensor)
  }
}

extension InferenceContext {
  /// The context in which another operator's inference sees the operands `indices` of this one.
  func with(operands indices: [Int?], attributes: Attributes? = nil) -> InferenceContext {
    InferenceContext(
      op: op, attributes: attributes ?? self.attributes,
      types: indices.map { index in index.flatMap { has($0) ? type($0) : nil } }, resultCount: resultCount,
      constants: indices.map { $0.flatMap { constant($0) } })
  }

  /// Checks that operand `index`, where its shape is known, has the extents `shape`.
  ///
  /// - Throws: ``OpError`` for another rank or another extent.
  func check(_ index: Int, is shape: Shape) throws(OpError) {
    guard let own = self.shape(index), own.merged(with: shape) == nil else { return }
    throw OpError("operand \(index): expected shape \(shape), got \(own)")
  }
}
