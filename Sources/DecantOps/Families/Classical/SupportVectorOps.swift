internal import DecantIR

/// Support vector machines.
enum SupportVectorOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      Classical.name("SVMClassifier"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y", "Z"],
        attributes: shared + [
          .init("classlabels_ints", .ints), .init("classlabels_strings", .strings), .init("prob_a", .floats),
          .init("prob_b", .floats), .init("vectors_per_class", .ints),
        ]),
      infer: inferClassifier, evaluate: classify),
    OpDefinition(
      Classical.name("SVMRegressor"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: shared + [.init("n_supports", .int), .init("one_class", .int)]),
      infer: inferRegressor, evaluate: regress),
  ]

  private static let shared: [OpSchema.AttributeRule] = [
    .init("coefficients", .floats), .init("kernel_params", .floats), .init("kernel_type", .string),
    .init("post_transform", .string), .init("rho", .floats), .init("support_vectors", .floats),
  ]

  // MARK: SVMRegressor

  @Sendable private static func inferRegressor(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.float32, [try Classical.rows(context), 1])]
  }

  /// Without support vectors the coefficients are those of the features themselves.
  @Sendable private static func regress(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let rows = try FeatureRows<Float>(context)
    let attributes = context.attributes
    let coefficients = attributes.floats("coefficients") ?? []
    let transform = try PostTransform(attributes)
    let count = attributes.int("n_supports", default: 0)
    guard let offset = attributes.floats("rho")?.first else { throw OpError("attribute 'rho' is missing") }
    let kernel = count > 0 ? try VectorKernel(attributes) : .linear
    let vectors = count > 0 ? attributes.floats("support_vectors") ?? [] : coefficients
    guard vectors.count == (try product(max(count, 1), rows.width)), count <= 0 || coefficients.count == count else {
      throw OpError("expected \(count) support vectors of \(rows.width) features, and a coefficient for each")
    }
    try context.checkSize(.float32, shape: [rows.count, 1])
    var result: [Float] = []
    for row in 0..<rows.count {
      let values = kernel.values(rows[row], vectors, count: max(count, 1))
      let sum = count > 0 ? zip(coefficients, values).reduce(0) { $0 + $1.0 * $1.1 } : values[0]
      var scores = [sum + offset]
      transform.apply(&scores)
      result.append(attributes.int("one_class", default: 0) != 0 ? (sum + offset > 0 ? 1 : -1) : scores[0])
    }
    return [Tensor(result, shape: [rows.count, 1])]
  }

  // MARK: SVMClassifier

  @Sendable private static func inferClassifier(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let machine = try VectorMachine(context.attributes)
    return try Classical.inferClassifier(context, machine.labels, columns: machine.columns)
  }

  @Sendable private static func classify(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let rows = try FeatureRows<Float>(context)
    let machine = try VectorMachine(context.attributes)
    try machine.check(features: rows.width)
    let shape = [rows.count, machine.columns]
    try context.checkSize(.float32, shape: shape)
    var choices: [Int] = []
    var result: [Float] = []
    for row in 0..<rows.count {
      let (choice, scores) = machine.classify(rows[row])
      choices.append(choice)
      result += scores
    }
    return [try machine.labels.tensor(choices), Tensor(result, shape: shape)]
  }
}
