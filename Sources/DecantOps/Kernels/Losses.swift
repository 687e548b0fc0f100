internal import DecantIR

/// `NegativeLogLikelihoodLoss`: what the target class has, negative.
enum NegativeLogLikelihood: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let loss = try TargetLoss<T>(context)
    return [try loss.result(try context.numbers(0, as: T.self), as: x.dataType)]
  }
}

/// `SoftmaxCrossEntropyLoss`: the same of logarithms of a softmax over the classes, which are the second result.
enum SoftmaxCrossEntropy: FloatKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let x = try context.operand(0)
    let loss = try TargetLoss<T>(context)
    let wide = try context.operand(0, as: T.self)
    let logarithms = x.elementCount == 0 ? wide : try context.mapLines(wide, axis: 1, LogSoftmaxLine())
    return [
      try loss.result(logarithms.array(of: T.self) ?? [], as: x.dataType),
      try logarithms.rounded(to: x.dataType, from: T.self),
    ]
  }
}

/// Target classes, their weights, and what becomes of the losses.
private struct TargetLoss<T: KernelFloat> {
  private let context: EvaluationContext
  /// The class of each sample; nil where it is ignored.
  private let targets: [Int?]
  private let shape: [Int]
  private let classes: Int
  /// How many places each item of the batch has.
  private let plane: Int
  private let weights: [T]?
  private let reduction: String

  init(_ context: EvaluationContext) throws(OpError) {
    self.context = context
    let x = try context.operand(0)
    guard x.rank >= 2 else { throw OpError("operand 0: expected rank 2 or more, got \(x.shape)") }
    shape = [x.shape[0]] + x.shape[2...]
    let given = try context.operand(1)
    guard given.shape == shape else { throw OpError("operand 1: expected shape \(shape), got \(given.shape)") }
    let classes = x.shape[1]
    let ignored = context.attributes.int("ignore_index")
    var targets: [Int?] = []
    for target in try context.integers(1) {
      if target == ignored {
        targets.append(nil)
        continue
      }
      guard (0..<classes).contains(target) else {
        throw OpError("operand 1: expected classes in 0..<\(classes), got \(target)")
      }
      targets.append(target)
    }
    self.targets = targets
    self.classes = classes
    plane = try product(of: x.shape[2...])
    weights = try context.optionalNumbers(2, shape: [classes], as: T.self)
    reduction = try context.attributes.choice("reduction", of: Loss.reductions)
  }

  /// The loss over logarithms of shares, in the order of operand 0.
  func result(_ logarithms: [T], as dataType: DataType) throws(OpError) -> Tensor {
    var losses: [T] = []
    losses.reserveCapacity(targets.count)
    var total: T = 0
    for (index, target) in targets.enumerated() {
      guard let target else {
        losses.append(0)
        continue
      }
      let weight = weights?[target] ?? 1
      losses.append(-logarithms[(index / plane * classes + target) * plane + index % plane] * weight)
      total += weight
    }
    switch reduction {
    case "none": return try context.result(losses, shape: shape, as: dataType)
    case "sum": return try context.result([losses.reduce(0, +)], shape: [], as: dataType)
    default: return try context.result([losses.reduce(0, +) / total], shape: [], as: dataType)
    }
  }
}
