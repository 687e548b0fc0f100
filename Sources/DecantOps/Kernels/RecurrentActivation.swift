internal import DecantIR

/// An activation function of a recurrent layer, with its parameters.
struct RecurrentActivation<T: KernelFloat> {
  private enum Function: String, CaseIterable {
    case affine, elu, hardsigmoid, leakyrelu, relu, scaledtanh, sigmoid, softplus, softsign, tanh, thresholdedrelu

    /// Alpha and beta where the node does not give them; nil for those that the function does not have.
    var defaults: (alpha: Float?, beta: Float?) {
      switch self {
      case .affine: (1, 0)
      case .elu: (1, nil)
      case .hardsigmoid: (0.2, 0.5)
      case .leakyrelu: (0.01, nil)
      case .scaledtanh: (1, 1)
      case .thresholdedrelu: (1, nil)
      case .relu, .sigmoid, .softplus, .softsign, .tanh: (nil, nil)
      }
    }
  }

  private let function: Function
  private let alpha: T
  private let beta: T
  private let clip: T

  /// The functions of all passes, one after another; `defaults` for one pass where the node names none.
  static func all(_ attributes: Attributes, defaults: [String], passes: Int) throws(OpError) -> [Self] {
    var names = attributes.strings("activations") ?? []
    if names.isEmpty { names = Array(repeating: defaults, count: passes).flatMap { $0 } }
    guard names.count == defaults.count * passes else {
      throw OpError("'activations' expected \(defaults.count * passes) names, got \(names.count)")
    }
    let clip = attributes.float("clip") ?? 0
    // Parameters stand only for those functions that have them, in order.
    var alphas = (attributes.floats("activation_alpha") ?? [])[...]
    var betas = (attributes.floats("activation_beta") ?? [])[...]
    var result: [Self] = []
    for name in names {
      guard let function = Function(rawValue: name.lowercased()) else {
        throw OpError("'activations' has an unknown function '\(name)'")
      }
      let (alpha, beta) = function.defaults
      result.append(
        Self(
          function: function, alpha: T(alpha.map { alphas.popFirst() ?? $0 } ?? 0),
          beta: T(beta.map { betas.popFirst() ?? $0 } ?? 0), clip: clip > 0 ? T(clip) : .infinity))
    }
    return result
  }

  /// The value for an input limited by the node's `clip`.
  func callAsFunction(_ input: T) -> T {
    let x = input > clip ? clip : input < -clip ? -clip : input
    switch function {
    case .affine: return alpha * x + beta
    case .elu: return x >= 0 ? x : alpha * (T.exp(x) - 1)
    case .hardsigmoid: return max(0, min(1, alpha * x + beta))
    case .leakyrelu: return x >= 0 ? x : alpha * x
    case .relu: return max(0, x)
    case .scaledtanh: return alpha * T.tanh(beta * x)
    case .sigmoid: return 1 / (1 + T.exp(-x))
    case .softplus: return x > 0 ? x + T.log1p(T.exp(-x)) : T.log1p(T.exp(x))
    case .softsign: return x / (1 + x.magnitude)
    case .tanh: return T.tanh(x)
    case .thresholdedrelu: return x > alpha ? x : 0
    }
  }
}
