internal import COneDNN
internal import DecantIR

/// A function of one element, as oneDNN names it.
struct ElementFunction: Sendable {
  let algorithm: dnnl_alg_kind_t
  let alpha: Float
  let beta: Float

  init(_ algorithm: dnnl_alg_kind_t, _ alpha: Float = 0, _ beta: Float = 0) {
    self.algorithm = algorithm
    self.alpha = alpha
    self.beta = beta
  }

  /// What an operand besides the first is.
  enum Parameter {
    case absent
    case constant(Float)
    case computed
  }

  /// The function that a node is of its first operand; nil for other operators, and where a parameter is computed.
  init?(_ op: OpName, _ attributes: Attributes, _ parameter: (Int) -> Parameter) {
    switch op {
    case "Clip":
      let limit = Float.greatestFiniteMagnitude
      guard let lower = ElementFunction.number(parameter(1), -limit),
        let upper = ElementFunction.number(parameter(2), limit), lower <= upper
      else { return nil }
      self.init(dnnl_eltwise_clip, lower, upper)
    case "Elu": self.init(dnnl_eltwise_elu, attributes.float("alpha", default: 1))
    case "Gelu":
      self.init(attributes.string("approximate") == "tanh" ? dnnl_eltwise_gelu_tanh : dnnl_eltwise_gelu_erf)
    case "HardSwish": self.init(dnnl_eltwise_hardswish)
    case "LeakyRelu": self.init(dnnl_eltwise_relu, attributes.float("alpha", default: 0.01))
    case "Relu": self.init(dnnl_eltwise_relu)
    case "Sigmoid": self.init(dnnl_eltwise_logistic)
    case "Swish": self.init(dnnl_eltwise_swish, attributes.float("alpha", default: 1))
    case "Tanh": self.init(dnnl_eltwise_tanh)
    default: return nil
    }
  }

  private static func number(_ parameter: Parameter, _ fallback: Float) -> Float? {
    switch parameter {
    case .absent: fallback
    case .constant(let value): value
    case .computed: nil
    }
  }
}

/// A function of two elements, as oneDNN names it.
struct PairFunction: Sendable {
  let algorithm: dnnl_alg_kind_t
  let commutes: Bool
  /// What it is with a constant as one of the two, as `a·x + b`; nil where that rounds otherwise.
  let line: @Sendable (_ constant: Float, _ isFirst: Bool) -> (Float, Float)?

  /// By operator.
  static let known: [OpName: PairFunction] = [
    "Add": PairFunction(algorithm: dnnl_binary_add, commutes: true) { constant, _ in (1, constant) },
    "Div": PairFunction(algorithm: dnnl_binary_div, commutes: false) { _, _ in nil },
    "Mul": PairFunction(algorithm: dnnl_binary_mul, commutes: true) { constant, _ in (constant, 0) },
    "Sub": PairFunction(algorithm: dnnl_binary_sub, commutes: false) { constant, isFirst in
      isFirst ? (-1, constant) : (1, -constant)
    },
  ]

  /// The function of the other element that it is with a constant as one of the two.
  func function(with constant: Float, isFirst: Bool) -> ElementFunction? {
    line(constant, isFirst).map { ElementFunction(dnnl_eltwise_linear, $0.0, $0.1) }
  }
}
