internal import DecantIR

/// Activations in terms of exponentials, sigmoids and rectifiers.
enum ActivationExpansions {
  static let all = [
    Expansion("Celu", celu), Expansion("Gelu", gelu), Expansion("HardSwish", hardSwish), Expansion("Mish", mish),
    Expansion("Relu", rectifier), Expansion("Softmax", keepsOperator: true, lastAxis),
    Expansion("LogSoftmax", keepsOperator: true, lastAxis),
    Expansion("Hardmax", keepsOperator: true, lastAxis), Expansion("SwiGLU", swiGLU), Expansion("Swish", swish),
    Expansion("ThresholdedRelu", threshold),
  ]

  /// `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`.
  @Sendable private static func celu(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let alpha = try parts.number(Double(parts.attributes.float("alpha", default: 1)), like: x)
    let one = try parts.number(1, like: x)
    let grown = parts.add("Sub", [parts.add("Exp", [parts.add("Div", [x, alpha])]), one])
    // min(0, v) is -relu(-v): older versions of Min do not broadcast.
    let negative = parts.add("Relu", [parts.add("Neg", [parts.add("Mul", [alpha, grown])])])
    return [parts.add("Sub", [parts.add("Relu", [x]), negative])]
  }

  /// `x * (1 + erf(x / sqrt(2))) / 2`, or the approximation by a tanh.
  @Sendable private static func gelu(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let (half, one) = (try parts.number(0.5, like: x), try parts.number(1, like: x))
    let inner: ValueID
    if parts.attributes.string("approximate") == "tanh" {
      let cube = parts.add("Mul", [x, parts.add("Mul", [x, x])])
      let bent = parts.add("Add", [x, parts.add("Mul", [try parts.number(0.044715, like: x), cube])])
      inner = parts.add("Tanh", [parts.add("Mul", [try parts.number((2 / Double.pi).squareRoot(), like: x), bent])])
    } else {
      inner = parts.add("Erf", [parts.add("Mul", [x, try parts.number(0.5.squareRoot(), like: x)])])
    }
    return [parts.add("Mul", [parts.add("Mul", [half, x]), parts.add("Add", [one, inner])])]
  }

  /// `x * max(0, min(1, x / 6 + 1/2))`.
  @Sendable private static func hardSwish(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let gate = parts.add("HardSigmoid", [x], ["alpha": .float(1 / 6), "beta": .float(0.5)])
    return [parts.add("Mul", [x, gate])]
  }

  /// `x * tanh(softplus(x))`.
  @Sendable private static func mish(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    return [parts.add("Mul", [x, parts.add("Tanh", [parts.add("Softplus", [x])])])]
  }

  /// Of integers: the larger of zero and them.
  @Sendable private static func rectifier(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    return [parts.add("Max", [x, try parts.number(0, like: x)])]
  }

  /// `x * sigmoid(alpha * x)`.
  @Sendable private static func swish(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try gated(try parts.operand(0), &parts)]
  }

  /// `swish(a) * b`.
  @Sendable private static func swiGLU(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let b = try parts.operand(1)
    return [parts.add("Mul", [try gated(try parts.operand(0), &parts), b])]
  }

  private static func gated(_ x: ValueID, _ parts: inout Expander) throws(OpError) -> ValueID {
    let alpha = parts.attributes.float("alpha", default: 1)
    let scaled = alpha == 1 ? x : parts.add("Mul", [try parts.number(Double(alpha), like: x), x])
    return parts.add("Mul", [x, parts.add("Sigmoid", [scaled])])
  }

  /// `x` where it is above `alpha`, else 0.
  @Sendable private static func threshold(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let alpha = try parts.number(Double(parts.attributes.float("alpha", default: 1)), like: x)
    return [parts.add("Where", [parts.add("Greater", [x, alpha]), x, try parts.number(0, like: x)])]
  }

  /// Softmax and its kin along an axis that is not the last: moved there and back.
  @Sendable private static func lastAxis(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let rank = try parts.rank(x)
    let axis = try normalizeAxis(parts.attributes.int("axis", default: -1), rank: rank)
    var order = Array(0..<rank)
    order.swapAt(axis, rank - 1)
    let moved = parts.add(parts.node.op, [parts.transpose(x, order)], ["axis": .int(-1)])
    return [parts.transpose(moved, order)]
  }
}
