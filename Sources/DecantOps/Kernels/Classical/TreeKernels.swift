internal import DecantIR

/// `TreeEnsemble`, with sums in the type of its operand.
enum EnsembleKernel: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let attributes = context.attributes
    let rows = try FeatureRows<Double>(context)
    let forest = try Forest(branchLists: attributes)
    let targets = try TreeOps.targets(attributes, votes: "leaf_targetids")
    try forest.check(features: rows.width, targets: targets)
    let number = attributes.int("aggregate_function", default: 1)
    guard let aggregate = ForestAggregate(rawValue: number) else {
      throw OpError("'aggregate_function' expected a number from 0 to 3, got \(number)")
    }
    let choice = attributes.int("post_transform", default: 0)
    guard PostTransform.allCases.indices.contains(choice) else {
      throw OpError("'post_transform' expected a number from 0 to 4, got \(choice)")
    }
    let shape = [rows.count, targets]
    try context.checkSize(T.dataType, shape: shape)
    let scores = ForestScores<T>(forest, targets: targets, aggregate)
    var result: [T] = []
    for row in 0..<rows.count {
      var values = try scores.scores(rows[row]).values
      PostTransform.allCases[choice].apply(&values)
      result += values
    }
    return [try context.result(result, shape: shape, as: try context.operand(0).dataType)]
  }
}

/// `TreeEnsembleRegressor`, with sums in the type of its weights.
enum TreeRegressorKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    context.attributes["target_weights_as_tensor"] == nil
      ? try evaluate(Float.self, context) : try evaluate(Double.self, context)
  }

  private static func evaluate<T: KernelFloat>(
    _ type: T.Type, _ context: EvaluationContext
  ) throws(OpError) -> [Tensor] {
    let attributes = context.attributes
    let rows = try FeatureRows<Double>(context)
    let forest = try Forest(nodeLists: attributes, votes: "target")
    let targets = try TreeOps.targets(attributes, votes: "target_ids")
    try forest.check(features: rows.width, targets: targets)
    let base = try TreeOps.base(attributes, targets: targets, T.self)
    let transform = try PostTransform(attributes)
    let shape = [rows.count, targets]
    try context.checkSize(T.dataType, shape: shape)
    let scores = ForestScores<T>(forest, targets: targets, try ForestAggregate(attributes))
    var result: [Float] = []
    for row in 0..<rows.count {
      var values = try scores.scores(rows[row]).values
      for (index, value) in base.enumerated() { values[index] += value }
      transform.apply(&values)
      result += values.map { Float($0) }
    }
    return [Tensor(result, shape: shape)]
  }
}

/// `TreeEnsembleClassifier`, with sums in the type of its weights.
///
/// A model of two classes whose leaves all vote for the first has one score, which speaks for the second: a share of 1 where
/// no weight is negative, and a distance from 0 otherwise. One label alone stands for a score above 0. So does ONNX Runtime.
enum TreeClassifierKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    context.attributes["class_weights_as_tensor"] == nil
      ? try evaluate(Float.self, context) : try evaluate(Double.self, context)
  }

  private static func evaluate<T: KernelFloat>(
    _ type: T.Type, _ context: EvaluationContext
  ) throws(OpError) -> [Tensor] {
    let attributes = context.attributes
    let rows = try FeatureRows<Double>(context)
    let labels = try TreeOps.labels(attributes)
    let forest = try Forest(nodeLists: attributes, votes: "class")
    try forest.check(features: rows.width, targets: labels.count)
    let base = try TreeOps.base(attributes, targets: labels.count, T.self)
    let transform = try PostTransform(attributes)
    let votes = forest.leaves.joined()
    let isShared = labels.count == 2 && votes.allSatisfy { $0.target == 0 }
    let isShare = votes.allSatisfy { $0.weight >= 0 }
    let shape = [rows.count, labels.count]
    try context.checkSize(T.dataType, shape: shape)
    let scores = ForestScores<T>(forest, targets: labels.count, .sum)
    var choices: [Int] = []
    var result: [Float] = []
    for row in 0..<rows.count {
      var (values, isVoted) = try scores.scores(rows[row])
      for (index, value) in base.enumerated() {
        values[index] += value
        isVoted[index] = true
      }
      if isShared {
        choices.append(values[0] > (isShare ? 0.5 : 0) ? 1 : 0)
        values = transform.pair(values[0], isShare: isShare)
      } else {
        choices.append(labels.count == 1 ? (values[0] > 0 ? 1 : 0) : winner(values, isVoted))
        transform.apply(&values)
      }
      result += values.map { Float($0) }
    }
    let names = labels.count == 1 ? labels.digits : labels
    return [try names.tensor(choices), Tensor(result, shape: shape)]
  }

  /// The largest score among classes that a leaf voted for; the first of equal ones.
  private static func winner<T: KernelFloat>(_ scores: [T], _ isVoted: [Bool]) -> Int {
    var best: Int?
    for index in scores.indices where isVoted[index] {
      if best.map({ scores[index] > scores[$0] }) ?? true { best = index }
    }
    return best ?? 0
  }
}
