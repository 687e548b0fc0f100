internal import DecantIR

/// Arithmetic of any number of operands that are broadcast together.
enum VariadicArithmetic {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Max", schema: OpSchema(since: 1, reads: ["data_0*"], gives: ["max"]), infer: Infer.broadcast,
      propagate: propagateMaximum, evaluate: maximum),
    OpDefinition(
      "Mean", schema: OpSchema(since: 1, reads: ["data_0*"], gives: ["mean"]), infer: Infer.broadcast, evaluate: mean),
    OpDefinition(
      "Min", schema: OpSchema(since: 1, reads: ["data_0*"], gives: ["min"]), infer: Infer.broadcast,
      propagate: propagateMinimum, evaluate: minimum),
    OpDefinition(
      "Sum", schema: OpSchema(since: 1, reads: ["data_0*"], gives: ["sum"]), infer: Infer.broadcast, evaluate: sum),
  ]

  @Sendable private static func maximum(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try fold(context, Maximum())]
  }

  @Sendable private static func minimum(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try fold(context, Minimum())]
  }

  @Sendable private static func sum(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    [try fold(context, Addition())]
  }

  @Sendable private static func mean(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let count = context.operands.count
    return [try fold(context, Addition()) { $0 / Double(count) }]
  }

  /// Folds the operands from the left; 16-bit floats in float32, rounded once at the end.
  private static func fold(
    _ context: EvaluationContext, _ kernel: some BinaryKernel, then scale: ((Double) -> Double)? = nil
  ) throws(OpError) -> Tensor {
    let type = try context.operand(0).dataType
    let isHalf = type == .float16 || type == .bfloat16
    var result: Tensor?
    for index in context.operands.indices {
      var next = try context.operand(index)
      guard next.dataType == type else { throw context.expectedOneType(try context.operand(0), next) }
      if isHalf { next = try context.convert(next, Conversion(target: .float32)) }
      result = if let result { try context.pairwise(result, next, kernel) } else { next }
    }
    guard var result else { throw OpError("expected an operand") }
    if let scale {
      switch result.dataType {
      case .float32: result = try context.map(result) { (x: Float) in Float(scale(Double(x))) }
      case .float64: result = try context.map(result) { (x: Double) in scale(x) }
      default: throw context.expected("floats", result)
      }
    }
    return isHalf ? try context.convert(result, Conversion(target: type)) : result
  }

  @Sendable private static func propagateMaximum(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [propagate(context, max)]
  }

  @Sendable private static func propagateMinimum(_ context: InferenceContext) throws(OpError) -> [SymbolicTensor?] {
    [propagate(context, min)]
  }

  private static func propagate(_ context: InferenceContext, _ body: (Int, Int) -> Int) -> SymbolicTensor? {
    context.types.indices.dropFirst().reduce(context.symbols(0)) { result, index in
      .zip(result, context.symbols(index)) { a, b in
        if a == b { return a }
        guard case (.fixed(let x), .fixed(let y)) = (a, b) else { return .unknown }
        return .fixed(body(x, y))
      }
    }
  }
}
