internal import DecantIR

/// Convolutions and matrix products with what was fused into them: an activation, an addition, a transposition.
enum ContribFused {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("FusedConv"),
      schema: OpSchema(
        since: 1, reads: ["X", "W", "B?", "Z?"], gives: ["Y"],
        attributes: Convolution.window + [.init("activation", .string), .init("activation_params", .floats)]),
      infer: Convolution.inferFloat, evaluate: convolve),
    OpDefinition(
      .microsoft("FusedGemm"),
      schema: OpSchema(
        since: 1, reads: ["A", "B", "C?"], gives: ["Y"],
        attributes: [
          .init("activation", .string), .init("activation_alpha", .float), .init("activation_beta", .float),
          .init("activation_gamma", .float), .init("alpha", .float), .init("beta", .float), .init("transA", .int),
          .init("transB", .int),
        ]),
      infer: MatMul.inferGemm, evaluate: multiplyAndAdd),
    OpDefinition(
      .microsoft("FusedMatMul"),
      schema: OpSchema(
        since: 1, reads: ["A", "B"], gives: ["Y"],
        attributes: [
          .init("alpha", .float), .init("transA", .int), .init("transB", .int), .init("transBatchA", .int),
          .init("transBatchB", .int),
        ]),
      infer: inferProduct, evaluate: multiply),
  ]

  // MARK: Activations

  @Sendable static func convolve(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let type = try context.operand(0).dataType
    let wide = context.with([
      try context.optionalWidened(0), try context.optionalWidened(1), try context.optionalWidened(2),
    ])
    var result = try ConvKernel.evaluate(wide)[0]
    if let addend = try context.optionalWidened(3) {
      guard addend.shape == result.shape else {
        throw OpError("operand 3: expected shape \(result.shape), got \(addend.shape)")
      }
      result = try context.pairwise(result, addend, Addition())
    }
    let parameters = context.attributes.floats("activation_params") ?? []
    result = try activate(result, context) { _, place in place < parameters.count ? parameters[place] : nil }
    return [try context.convert(result, Conversion(target: type))]
  }

  @Sendable private static func multiplyAndAdd(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let type = try context.operand(0).dataType
    let wide = context.with([
      try context.optionalWidened(0), try context.optionalWidened(1), try context.optionalWidened(2),
    ])
    var result = try GemmKernel.evaluateNumbers(wide)[0]
    result = try activate(result, context) { name, _ in context.attributes.float("activation_\(name)") }
    return [try context.convert(result, Conversion(target: type))]
  }

  static func activate(
    _ tensor: Tensor, _ context: EvaluationContext, parameter: (String, Int) -> Float?
  ) throws(OpError) -> Tensor {
    guard let name = context.attributes.string("activation"), !name.isEmpty else { return tensor }
    return try FusedActivation(name, parameter: parameter).apply(tensor, context)
  }

  // MARK: FusedMatMul

  static func inferProduct(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = context.dataType(0) ?? context.dataType(1)
    guard let a = context.shape(0), let b = context.shape(1) else { return [.tensor(.init(type, nil))] }
    let left = Shape(try order(a.rank, context.attributes, "A").map { a[$0] })
    let right = Shape(try order(b.rank, context.attributes, "B").map { b[$0] })
    return [.tensor(.init(type, try MatMul.productShape(left, right)))]
  }

  /// The axes of an operand in the order in which they are multiplied.
  ///
  /// `transBatch` moves the first axis behind those of the batch, then `trans` exchanges the last two; a vector stays.
  private static func order(_ rank: Int, _ attributes: Attributes, _ side: String) throws(OpError) -> [Int] {
    var axes = Array(0..<rank)
    guard rank >= 2 else { return axes }
    if MatMul.flag(attributes, "transBatch\(side)") { axes = Array(1..<rank - 1) + [0, rank - 1] }
    if MatMul.flag(attributes, "trans\(side)") { axes.swapAt(rank - 2, rank - 1) }
    return axes
  }

  @Sendable static func multiply(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let (a, b) = (try context.operand(0), try context.operand(1))
    let left = try TransposeOps.permute(
      context, try context.widened(a), try order(a.rank, context.attributes, "A"))
    let right = try TransposeOps.permute(
      context, try context.widened(b), try order(b.rank, context.attributes, "B"))
    var product = try MatMulKernel.evaluateNumbers(context.with([left, right]))[0]
    let factor = context.attributes.float("alpha", default: 1)
    if factor != 1 { product = try context.map(product, Scaling(factor: factor)) }
    return [try context.convert(product, Conversion(target: a.dataType))]
  }
}
