internal import DecantIR

/// Arithmetic, products and reductions that ONNX has no operator for.
enum ContribMath {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      .microsoft("BiasDropout"),
      schema: OpSchema(
        since: 1, reads: ["data", "bias", "residual?", "ratio?", "training_mode?"], gives: ["output", "mask?"],
        attributes: [.init("seed", .int)], isDeterministic: false),
      infer: inferDropout, evaluate: dropout),
    OpDefinition(
      .microsoft("BiasSoftmax"),
      schema: OpSchema(
        since: 1, reads: ["data", "bias"],
        attributes: [.init("axis", .int), .init("is_inner_broadcast", .int, isRequired: true)]),
      infer: Infer.sameType, evaluate: softmax),
    OpDefinition(
      .microsoft("CDist"),
      schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["C"], attributes: [.init("metric", .string)]),
      infer: inferDistances, evaluate: DistanceKernel.evaluate),
    OpDefinition(
      .microsoft("ComplexMul"), schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["C"]), infer: inferComplex,
      evaluate: multiplyComplex),
    OpDefinition(
      .microsoft("ComplexMulConj"), schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["C"]), infer: inferComplex,
      evaluate: multiplyConjugate),
    OpDefinition(
      .microsoft("GemmFastGelu"), schema: OpSchema(since: 1, reads: ["X", "W", "bias?"], gives: ["Y"]),
      infer: inferProduct, evaluate: multiplyAndActivate),
    OpDefinition(
      .microsoft("IsAllFinite"),
      schema: OpSchema(
        since: 1, reads: ["input*"], attributes: [.init("isinf_only", .int), .init("isnan_only", .int)]),
      infer: inferTruth, evaluate: isAllFinite),
    OpDefinition(
      .microsoft("MatMulInteger16"), schema: OpSchema(since: 1, reads: ["A", "B"], gives: ["Y"]),
      infer: inferWideProduct, evaluate: multiplyWide),
    OpDefinition(
      .microsoft("MulInteger"),
      schema: OpSchema(since: 1, reads: ["A", "A_zero_point?", "B", "B_zero_point?"], gives: ["C"]),
      infer: inferIntegers, evaluate: multiplyIntegers),
    OpDefinition(
      .microsoft("ReduceSumInteger"),
      schema: OpSchema(
        since: 1, reads: ["data"], gives: ["reduced"],
        attributes: [.init("axes", .ints, isRequired: true), .init("keepdims", .int, isRequired: true)]),
      infer: inferSum, evaluate: sumIntegers),
  ]

  // MARK: Dropout and softmax

  private static func inferDropout(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [context.type(0), .tensor(.bool, context.shape(0))]
  }

  @Sendable private static func dropout(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let sum = try fitting(context, x, 1)
    var results = try DropoutOps.evaluate(
      context.with(
        [sum, try context.optionalOperand(3), try context.optionalOperand(4)], results: context.resultCount))
    if let residual = try context.optionalWidened(2) {
      guard residual.shape == x.shape else {
        throw OpError("operand 2: expected shape \(x.shape), got \(residual.shape)")
      }
      results[0] = try context.pairwise(results[0], residual, Addition())
    }
    results[0] = try context.convert(results[0], Conversion(target: x.dataType))
    return results
  }

  /// The last axes from `axis` on are one.
  @Sendable private static func softmax(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let axis = try normalizeAxis(context.attributes.int("axis", default: 1), rank: x.rank)
    let sum = try fitting(context, x, 1)
    let flat = sum.reshaped([try product(of: x.shape[..<axis]), try product(of: x.shape[axis...])])
    let result = try context.mapLines(flat, axis: 1, SoftmaxLine()).reshaped(x.shape)
    return [try context.convert(result, Conversion(target: x.dataType))]
  }

  /// `x` plus operand `index`, which broadcasts to it, wide.
  private static func fitting(_ context: EvaluationContext, _ x: Tensor, _ index: Int) throws(OpError) -> Tensor {
    let bias = try context.operand(index)
    guard Broadcast.fits(bias.shape, into: x.shape) else {
      throw OpError("operand \(index): expected a shape that broadcasts to \(x.shape), got \(bias.shape)")
    }
    return try context.pairwise(try context.widened(x), try context.widened(bias), Addition())
  }

  // MARK: Distances

  private static func inferDistances(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let (a, b) = (context.shape(0), context.shape(1))
    for shape in [a, b] {
      if let shape, shape.rank != 2 { throw OpError("expected matrices, got \(shape)") }
    }
    return [.tensor(.init(context.dataType(0), [a?[0] ?? .unknown, b?[0] ?? .unknown]))]
  }

  // MARK: Complex numbers

  private static func inferComplex(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(context.dataType(0), try Broadcast.shape([context.shape(0), context.shape(1)])))]
  }

  @Sendable private static func multiplyComplex(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    try multiplyComplex(context, conjugates: false)
  }

  @Sendable private static func multiplyConjugate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    try multiplyComplex(context, conjugates: true)
  }

  /// Real and imaginary parts stand beside each other in the last axis; the second factor may be conjugated.
  private static func multiplyComplex(
    _ context: EvaluationContext, conjugates: Bool
  ) throws(OpError) -> [Tensor] {
    let parts = AttentionParts(context)
    var (real, imaginary): ([Tensor], [Tensor]) = ([], [])
    for index in 0..<2 {
      let tensor = try context.widened(try context.operand(index))
      guard tensor.shape.last == 2 else { throw OpError("operand \(index): expected pairs, got \(tensor.shape)") }
      real.append(try parts.slice(tensor, axis: tensor.rank - 1, from: 0, count: 1))
      imaginary.append(try parts.slice(tensor, axis: tensor.rank - 1, from: 1, count: 1))
    }
    func times(_ a: Tensor, _ b: Tensor) throws(OpError) -> Tensor { try context.pairwise(a, b, Multiplication()) }
    func plus(_ a: Tensor, _ b: Tensor) throws(OpError) -> Tensor { try context.pairwise(a, b, Addition()) }
    func minus(_ a: Tensor, _ b: Tensor) throws(OpError) -> Tensor { try context.pairwise(a, b, Subtraction()) }
    let (direct, crossed) = (try times(real[0], real[1]), try times(imaginary[0], imaginary[1]))
    let (forth, back) = (try times(imaginary[0], real[1]), try times(real[0], imaginary[1]))
    let halves =
      conjugates
      ? [try plus(direct, crossed), try minus(forth, back)] : [try minus(direct, crossed), try plus(forth, back)]
    let result = try parts.join(halves, axis: halves[0].rank - 1)
    return [try context.convert(result, Conversion(target: try context.operand(0).dataType))]
  }

  // MARK: Products

  private static func inferProduct(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(context.dataType(0), try MatMul.productShape(context.shape(0), context.shape(1))))]
  }

  @Sendable private static func multiplyAndActivate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    var result = try MatMulKernel.evaluateNumbers(
      context.with([try context.widened(x), try context.optionalWidened(1)]))[0]
    if let bias = try context.optionalWidened(2) {
      guard bias.shape == result.shape.suffix(1) else {
        throw OpError("operand 2: expected shape \(result.shape.suffix(1)), got \(bias.shape)")
      }
      result = try context.pairwise(result, bias, Addition())
    }
    result = try context.map(result, GaussianErrorLinearByTanh())
    return [try context.convert(result, Conversion(target: x.dataType))]
  }

  private static func inferWideProduct(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let types = [context.dataType(0), context.dataType(1)]
    let result: DataType? = types.contains(nil) ? nil : types == [.uint16, .uint16] ? .uint32 : .int32
    return [.tensor(.init(result, try MatMul.productShape(context.shape(0), context.shape(1))))]
  }

  @Sendable private static func multiplyWide(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let operands = [try context.operand(0), try context.operand(1)]
    for operand in operands where operand.dataType != .int16 && operand.dataType != .uint16 {
      throw context.expected("i16 or u16", operand)
    }
    let target: DataType = operands.allSatisfy { $0.dataType == .uint16 } ? .uint32 : .int32
    return try MatMulKernel.evaluateNumbers(
      context.with([
        try context.convert(operands[0], Conversion(target: target)),
        try context.convert(operands[1], Conversion(target: target)),
      ]))
  }

  // MARK: Integers

  private static func inferIntegers(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.init(.int32, try Broadcast.shape([context.shape(0), context.shape(2)])))]
  }

  @Sendable private static func multiplyIntegers(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let a = try QuantizedOperands.centered(context, 0, zeroPoint: 1, axis: -1)
    let b = try QuantizedOperands.centered(context, 2, zeroPoint: 3, axis: -1)
    return [try context.pairwise(a, b) { (x: Int32, y: Int32) in x * y }]
  }

  private static func inferSum(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let axes = Tensor((context.attributes.ints("axes") ?? []).map { Int64($0) })
    let reduced = try Reduction.infer(
      InferenceContext(
        op: context.op, attributes: context.attributes, types: [context.type(0), axes.type], resultCount: 1,
        constants: [nil, axes]))
    return [.tensor(.init(context.dataType(0).map { $0 == .uint8 ? .uint32 : .int32 }, reduced[0].shape))]
  }

  @Sendable private static func sumIntegers(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    guard x.dataType == .int8 || x.dataType == .uint8 else { throw context.expected("i8 or u8", x) }
    let axes = Tensor((context.attributes.ints("axes") ?? []).map { Int64($0) })
    let wide = try context.convert(x, Conversion(target: x.dataType == .uint8 ? .uint32 : .int32))
    return try ReduceSumKernel.evaluateNumbers(context.with([wide, axes]))
  }

  // MARK: Truth

  private static func inferTruth(_ context: InferenceContext) throws(OpError) -> [ValueType] { [.tensor(.bool, [])] }

  @Sendable private static func isAllFinite(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let onlyInfinite = context.attributes.int("isinf_only", default: 0) != 0
    let onlyNaN = context.attributes.int("isnan_only", default: 0) != 0
    guard !(onlyInfinite && onlyNaN) else { throw OpError("expected one of 'isinf_only' and 'isnan_only', got both") }
    var isFine = true
    for index in context.operands.indices {
      let tensor = try context.operand(index)
      guard tensor.dataType.isFloat, let values = tensor.floats else { throw context.expected("floats", tensor) }
      isFine =
        isFine && values.allSatisfy { onlyInfinite ? !$0.isInfinite : onlyNaN ? !$0.isNaN : $0.isFinite }
    }
    return [Tensor(scalar: Boolean(isFine))]
  }
}
