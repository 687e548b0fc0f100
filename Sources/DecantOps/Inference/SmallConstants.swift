internal import DecantIR

/// Computes small results of constants during inference, so that types do not wait for constant folding.
enum SmallConstants {
  /// Tensors of more elements are left to folding.
  private static let limit = 1024

  /// The results of a node as far as they are constants; nil for the others.
  static func compute(
    _ definition: OpDefinition, _ context: InferenceContext, types: [ValueType], symbols: [SymbolicTensor?]
  ) -> [Tensor?] {
    if let tensors = evaluate(definition, context, types) { return tensors }
    return symbols.enumerated().map { index, known in
      index < types.count ? known.flatMap { tensor($0, types[index]) } : nil
    }
  }

  private static func evaluate(
    _ definition: OpDefinition, _ context: InferenceContext, _ types: [ValueType]
  ) -> [Tensor?]? {
    guard let kernel = definition.evaluate, definition.schema.isDeterministic, context.captured.isEmpty,
      types.count >= context.resultCount,
      types.prefix(context.resultCount).allSatisfy({ isSmall($0) })
    else { return nil }
    for index in context.types.indices where context.has(index) {
      guard let tensor = context.constant(index), tensor.elementCount <= limit else { return nil }
    }
    // What fails here fails again, with its reason, where the node runs.
    return try? kernel(
      EvaluationContext(
        op: context.op, attributes: context.attributes,
        operands: context.types.indices.map { context.has($0) ? context.constant($0) : nil },
        wanted: [Bool](repeating: true, count: context.resultCount), byteLimit: 1 << 16))
  }

  private static func isSmall(_ type: ValueType) -> Bool {
    guard let count = type.shape?.elementCount.fixed else { return false }
    return count <= limit
  }

  /// Shape arithmetic that came to numbers.
  private static func tensor(_ symbols: SymbolicTensor, _ type: ValueType) -> Tensor? {
    guard type.dataType == .int64, let values = Shape(symbols.elements).fixed else { return nil }
    return symbols.isScalar ? values.first.map { Tensor(scalar: Int64($0)) } : Tensor(values.map { Int64($0) })
  }
}
