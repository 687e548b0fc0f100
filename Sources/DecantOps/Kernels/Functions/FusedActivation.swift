internal import DecantIR

/// An activation that another operator names in an attribute.
struct FusedActivation {
  private let name: String
  private let parameters: [Float]

  /// The parameters of each one.
  private static let known: [String: [String]] = [
    "Celu": ["alpha"], "Clip": ["min", "max"], "Elu": ["alpha"], "HardSigmoid": ["alpha", "beta"], "HardSwish": [],
    "LeakyRelu": ["alpha"], "Relu": [], "Selu": ["alpha", "gamma"], "Sigmoid": [], "Softplus": [], "Softsign": [],
    "Tanh": [], "ThresholdedRelu": ["alpha"],
  ]

  /// The activation `name`, whose parameters are told by their names and places.
  ///
  /// - Throws: ``OpError`` when it is not known, or a parameter is missing.
  init(_ name: String, parameter: (_ name: String, _ place: Int) -> Float?) throws(OpError) {
    guard let wanted = FusedActivation.known[name] else {
      let known = FusedActivation.known.keys.sorted().joined(separator: ", ")
      throw OpError("'activation' expected one of \(known), got '\(name)'", kind: .unsupported)
    }
    var parameters: [Float] = []
    for (place, other) in wanted.enumerated() {
      guard let value = parameter(other, place) else { throw OpError("'activation' \(name): '\(other)' is missing") }
      parameters.append(value)
    }
    self.name = name
    self.parameters = parameters
  }

  /// The activation of each element of a float tensor.
  func apply(_ x: Tensor, _ context: EvaluationContext) throws(OpError) -> Tensor {
    switch name {
    case "Celu": return try context.map(x, ContinuousExponentialLinear(alpha: parameters[0]))
    case "Clip": return try context.map(x, Clamp(lowest: parameters[0], highest: parameters[1]))
    case "Elu": return try context.map(x, ExponentialLinear(alpha: parameters[0]))
    case "HardSigmoid": return try context.map(x, HardLogisticSigmoid(alpha: parameters[0], beta: parameters[1]))
    case "HardSwish": return try context.map(x, HardSwishFunction())
    case "LeakyRelu": return try context.map(x, LeakyRectifier(alpha: parameters[0]))
    case "Selu": return try context.map(x, ScaledExponentialLinear(alpha: parameters[0], gamma: parameters[1]))
    case "Sigmoid": return try context.map(x, LogisticSigmoid())
    case "Softplus": return try context.map(x, SoftPlusFunction())
    case "Softsign": return try context.map(x, SoftSignFunction())
    case "Tanh": return try context.map(x, HyperbolicTangent())
    case "ThresholdedRelu": return try context.map(x, ThresholdedRectifier(alpha: parameters[0]))
    default: return try context.mapNumbers(x, Rectifier())
    }
  }
}

/// Within two limits; the upper one wins where they cross, and NaN stays.
private struct Clamp: UnaryKernel {
  let lowest: Float
  let highest: Float
  func apply<R: Real>(_ x: R) -> R {
    let raised = x < R(lowest) ? R(lowest) : x
    return raised > R(highest) ? R(highest) : raised
  }
}

/// `factor · x`.
struct Scaling: UnaryKernel {
  let factor: Float
  func apply<R: Real>(_ x: R) -> R { R(factor) * x }
}
