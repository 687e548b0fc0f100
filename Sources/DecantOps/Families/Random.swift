internal import DecantIR

/// Random numbers. With a seed they are those of ONNX's reference implementation; without one they depend on the node
/// alone, for the same model gives the same results.
enum Random {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      "Bernoulli", schema: form(since: 15, reads: ["input"], [.init("dtype", .int)]), infer: inferAlike,
      evaluate: BernoulliKernel.evaluate),
    OpDefinition(
      "Multinomial", schema: form(since: 7, reads: ["input"], [.init("dtype", .int), .init("sample_size", .int)]),
      infer: inferMultinomial, evaluate: MultinomialKernel.evaluate),
    OpDefinition(
      "RandomNormal", schema: form(since: 1, reads: [], normal + [shape]), infer: inferShaped,
      evaluate: RandomFill.evaluate),
    OpDefinition(
      "RandomNormalLike", schema: form(since: 1, reads: ["input"], normal), infer: inferAlike,
      evaluate: RandomFill.evaluate),
    OpDefinition(
      "RandomUniform", schema: form(since: 1, reads: [], uniform + [shape]), infer: inferShaped,
      evaluate: RandomFill.evaluate),
    OpDefinition(
      "RandomUniformLike", schema: form(since: 1, reads: ["input"], uniform), infer: inferAlike,
      evaluate: RandomFill.evaluate),
  ]

  private static let shape = OpSchema.AttributeRule("shape", .ints, isRequired: true)
  private static let normal: [OpSchema.AttributeRule] = [
    .init("dtype", .int), .init("mean", .float), .init("scale", .float),
  ]
  private static let uniform: [OpSchema.AttributeRule] = [
    .init("dtype", .int), .init("high", .float), .init("low", .float),
  ]

  private static func form(since: Int, reads: [String], _ attributes: [OpSchema.AttributeRule]) -> OpSchema {
    OpSchema(since: since, reads: reads, attributes: attributes + [.init("seed", .float)], isDeterministic: false)
  }

  @Sendable private static func inferAlike(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(TensorType(try context.dataType(attribute: "dtype") ?? context.dataType(0), context.shape(0)))]
  }

  @Sendable private static func inferShaped(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let shape = try extents(context.attributes)
    return [.tensor(try context.dataType(attribute: "dtype") ?? .float32, Shape(shape))]
  }

  /// The attribute `shape`.
  static func extents(_ attributes: Attributes) throws(OpError) -> [Int] {
    let shape = attributes.ints("shape") ?? []
    _ = try Tensor.elementCount(shape: shape)
    return shape
  }

  @Sendable private static func inferMultinomial(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let type = try context.dataType(attribute: "dtype") ?? .int32
    let count = try sampleCount(context.attributes)
    guard let x = context.shape(0) else { return [.tensor(type, [.unknown, .fixed(count)])] }
    guard x.rank == 2 else { throw OpError("operand 0: expected rank 2, got \(x)") }
    return [.tensor(type, [x[0], .fixed(count)])]
  }

  /// The attribute `sample_size`.
  static func sampleCount(_ attributes: Attributes) throws(OpError) -> Int {
    let count = attributes.int("sample_size", default: 1)
    guard count >= 0 else { throw OpError("'sample_size' expected 0 or more, got \(count)") }
    return count
  }
}
