internal import DecantIR

/// Linear models: sums of weighted features.
enum LinearOps {
  static let definitions: [OpDefinition] = [
    OpDefinition(
      Classical.name("LinearClassifier"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y", "Z"],
        attributes: [
          .init("classlabels_ints", .ints), .init("classlabels_strings", .strings),
          .init("coefficients", .floats, isRequired: true), .init("intercepts", .floats), .init("multi_class", .int),
          .init("post_transform", .string),
        ]),
      infer: inferClassifier, evaluate: classify),
    OpDefinition(
      Classical.name("LinearRegressor"),
      schema: OpSchema(
        since: 1, reads: ["X"], gives: ["Y"],
        attributes: [
          .init("coefficients", .floats), .init("intercepts", .floats), .init("post_transform", .string),
          .init("targets", .int),
        ]),
      infer: inferRegressor, evaluate: regress),
  ]

  // MARK: LinearClassifier

  private static func labels(_ attributes: Attributes) throws(OpError) -> ClassLabels {
    try ClassLabels(attributes, integers: "classlabels_ints", strings: "classlabels_strings")
  }

  @Sendable private static func inferClassifier(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    let labels = try labels(context.attributes)
    return try Classical.inferClassifier(context, labels, columns: labels.count)
  }

  /// Two labels may share one score, which speaks for the second.
  @Sendable private static func classify(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let rows = try FeatureRows<Float>(context)
    let labels = try labels(context.attributes)
    let transform = try PostTransform(context.attributes)
    let weights = context.attributes.floats("coefficients") ?? []
    let isShared = labels.count == 2 && weights.count == rows.width
    let model = try LinearModel(context.attributes, targets: isShared ? 1 : labels.count, width: rows.width)
    try context.checkSize(.float32, shape: [rows.count, labels.count])
    var choices: [Int] = []
    var result: [Float] = []
    for row in 0..<rows.count {
      var scores = model.scores(rows[row])
      choices.append(isShared ? (scores[0] > 0 ? 1 : 0) : scores.argMax)
      if isShared { scores = transform.pair(scores[0], isShare: true) } else { transform.apply(&scores) }
      result += scores
    }
    return [try labels.tensor(choices), Tensor(result, shape: [rows.count, labels.count])]
  }

  // MARK: LinearRegressor

  @Sendable private static func inferRegressor(_ context: InferenceContext) throws(OpError) -> [ValueType] {
    [.tensor(.float32, [try Classical.rows(context), .fixed(try targets(context.attributes))])]
  }

  private static func targets(_ attributes: Attributes) throws(OpError) -> Int {
    let count = attributes.int("targets", default: 1)
    guard count > 0 else { throw OpError("'targets' expected to be positive, got \(count)") }
    return count
  }

  @Sendable private static func regress(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let rows = try FeatureRows<Float>(context)
    let count = try targets(context.attributes)
    let transform = try PostTransform(context.attributes)
    let model = try LinearModel(context.attributes, targets: count, width: rows.width)
    try context.checkSize(.float32, shape: [rows.count, count])
    var result: [Float] = []
    for row in 0..<rows.count {
      var scores = model.scores(rows[row])
      transform.apply(&scores)
      result += scores
    }
    return [Tensor(result, shape: [rows.count, count])]
  }
}

/// Weights for each target, and what is added to the sums.
private struct LinearModel {
  private let width: Int
  private let weights: [Float]
  private let intercepts: [Float]

  init(_ attributes: Attributes, targets: Int, width: Int) throws(OpError) {
    self.width = width
    weights = attributes.floats("coefficients") ?? []
    let added = attributes.floats("intercepts") ?? []
    guard weights.count == (try product(targets, width)) else {
      throw OpError("'coefficients' expected \(targets) times \(width) numbers, got \(weights.count)")
    }
    guard added.isEmpty || added.count == targets else {
      throw OpError("'intercepts' expected \(targets) numbers, got \(added.count)")
    }
    intercepts = added.isEmpty ? [Float](repeating: 0, count: targets) : added
  }

  func scores(_ row: ArraySlice<Float>) -> [Float] {
    intercepts.enumerated().map { target, intercept in
      zip(row, weights[(target * width)...]).reduce(0) { $0 + $1.0 * $1.1 } + intercept
    }
  }
}
