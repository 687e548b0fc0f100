internal import DecantIR

/// The part that the steps of optimizers share: the same formula for every element of every tensor.
private struct OptimizerStep {
  /// The learning rate.
  let rate: Double
  /// How many steps there have been.
  let count: Double
  private let context: EvaluationContext

  init(_ context: EvaluationContext) throws(OpError) {
    let (rate, count) = (try context.operand(0), try context.operand(1))
    guard rate.elementCount == 1, let first = try context.numbers(0, as: Double.self).first else {
      throw OpError("operand 0: expected one number, got \(rate.type)")
    }
    guard count.elementCount == 1, let steps = try context.integers(1).first else {
      throw OpError("operand 1: expected one number, got \(count.type)")
    }
    self.rate = first
    self.count = Double(steps)
    self.context = context
  }

  /// The new tensors and then their new states.
  ///
  /// `update` turns an element, which it is given with its gradient and states, into the new one and sets its states.
  func run<T: KernelFloat>(
    _ type: T.Type, states: Int, _ update: (_ x: T, _ gradient: T, _ states: inout [T]) -> T
  ) throws(OpError) -> [Tensor] {
    let tensors = try Training.tensorCount(operands: context.operands.count, states: states)
    var results = [Tensor?](repeating: nil, count: tensors * (1 + states))
    for index in 0..<tensors {
      let x = try context.operand(2 + index)
      var columns: [[T]] = []
      for column in 0..<2 + states {
        let place = 2 + column * tensors + index
        let tensor = try context.operand(place)
        guard tensor.shape == x.shape, tensor.dataType == x.dataType else {
          throw OpError("operand \(place): expected \(x.type), got \(tensor.type)")
        }
        columns.append(try context.numbers(place, as: T.self))
      }
      var own = [T](repeating: 0, count: states)
      for element in columns[0].indices {
        for state in 0..<states { own[state] = columns[2 + state][element] }
        columns[0][element] = update(columns[0][element], columns[1][element], &own)
        for state in 0..<states { columns[2 + state][element] = own[state] }
      }
      columns.remove(at: 1)
      for (part, values) in columns.enumerated() {
        results[part * tensors + index] = try context.result(values, shape: x.shape, as: x.dataType)
      }
    }
    return results.compactMap { $0 }
  }
}

/// A step computed in the type of the first tensor.
protocol StepKernel: FloatKernel {}

extension StepKernel {
  @Sendable static func evaluate(_ context: EvaluationContext) throws(OpError) -> [Tensor] {
    switch try context.operand(2).dataType {
    case .float64: return try evaluate(Double.self, context)
    case .float32: return try evaluate(Float.self, context)
    case let other: throw OpError("operand 2: expected f32 or f64, got \(other)")
    }
  }
}

/// `Adagrad` (Duchi, Hazan and Singer 2011): steps that shrink with the sum of squared gradients.
enum AdagradKernel: StepKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let step = try OptimizerStep(context)
    let attributes = context.attributes
    let rate = T(step.rate / (1 + step.count * Double(attributes.float("decay_factor", default: 0))))
    let epsilon = T(attributes.float("epsilon", default: 1e-6))
    let norm = T(attributes.float("norm_coefficient", default: 0))
    return try step.run(T.self, states: 1) { x, gradient, states in
      let slope = norm * x + gradient
      states[0] += slope * slope
      return x - rate * slope / (states[0].squareRoot() + epsilon)
    }
  }
}

/// `Adam` (Kingma and Ba 2014): running means of gradients and of their squares.
enum AdamKernel: StepKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let step = try OptimizerStep(context)
    let attributes = context.attributes
    let (alpha, beta) = (attributes.float("alpha", default: 0.9), attributes.float("beta", default: 0.999))
    var rate = step.rate
    if step.count > 0 {
      rate *= (1 - Double.pow(Double(beta), step.count)).squareRoot() / (1 - Double.pow(Double(alpha), step.count))
    }
    let (own, first, second) = (T(rate), T(alpha), T(beta))
    let epsilon = T(attributes.float("epsilon", default: 1e-6))
    let norm = T(attributes.float("norm_coefficient", default: 0))
    let post = 1 - T(attributes.float("norm_coefficient_post", default: 0))
    return try step.run(T.self, states: 2) { x, gradient, states in
      let slope = norm * x + gradient
      states[0] = first * states[0] + (1 - first) * slope
      states[1] = second * states[1] + (1 - second) * slope * slope
      return post * (x - own * states[0] / (states[1].squareRoot() + epsilon))
    }
  }
}

/// `Momentum`: steps along a running sum of gradients, Nesterov's form too.
enum MomentumKernel: StepKernel {
  static func evaluate<T: KernelFloat>(_ type: T.Type, _ context: EvaluationContext) throws(OpError) -> [Tensor] {
    let step = try OptimizerStep(context)
    let attributes = context.attributes
    let (rate, alpha) = (T(step.rate), T(attributes.float("alpha", default: 0)))
    // The first step takes the whole gradient.
    let beta = step.count > 0 ? T(attributes.float("beta", default: 0)) : 1
    let norm = T(attributes.float("norm_coefficient", default: 0))
    let isNesterov = try attributes.choice("mode", of: ["standard", "nesterov"]) == "nesterov"
    return try step.run(T.self, states: 1) { x, gradient, states in
      let slope = norm * x + gradient
      states[0] = alpha * states[0] + beta * slope
      return x - rate * (isNesterov ? slope + alpha * states[0] : states[0])
    }
  }
}
