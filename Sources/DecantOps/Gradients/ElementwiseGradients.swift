internal import DecantIR

/// Derivatives of what is computed element by element. `g` is the derivative by the result `y`.
enum ElementwiseGradients {
  static let all = [
    GradientRule("Abs", unary { (s, p) in p.product(s.gradient, p.add("Sign", [s.x])) }),
    GradientRule("Add", sum), GradientRule("Cast", cast),
    GradientRule("Cos", unary { (s, p) in p.add("Neg", [p.product(s.gradient, p.add("Sin", [s.x]))]) }),
    GradientRule("Div", quotient), GradientRule("Erf", unary(errorFunction)),
    GradientRule("Exp", unary { (s, p) in p.product(s.gradient, s.y) }),
    GradientRule("Identity", unary { (s, _) in s.gradient }),
    GradientRule("Log", unary { (s, p) in p.add("Div", [s.gradient, s.x]) }),
    GradientRule("Mul", product), GradientRule("Neg", unary { (s, p) in p.add("Neg", [s.gradient]) }),
    GradientRule("Pow", power),
    GradientRule("Reciprocal", unary { (s, p) in p.add("Neg", [p.product(s.gradient, p.product(s.y, s.y))]) }),
    GradientRule("Relu", unary(rectifier)), GradientRule("Sigmoid", unary(sigmoid)),
    GradientRule("Sin", unary { (s, p) in p.product(s.gradient, p.add("Cos", [s.x])) }),
    GradientRule("Softplus", unary { (s, p) in p.product(s.gradient, p.add("Sigmoid", [s.x])) }),
    GradientRule("Sqrt", unary(root)), GradientRule("Sub", difference), GradientRule("Sum", sum),
    GradientRule("Tanh", unary(tangent)), GradientRule("Where", choice),
  ]

  /// A function of one operand.
  private struct Unary {
    let x: ValueID
    let y: ValueID
    let gradient: ValueID
  }

  private static func unary(
    _ body: @escaping @Sendable (Unary, inout Expander) throws(OpError) -> ValueID
  ) -> GradientRule.Run {
    { (step, parts) throws(OpError) in
      [try body(Unary(x: try step.operand(0), y: step.y, gradient: step.gradient), &parts)]
    }
  }

  /// `2 / sqrt(π) · exp(-x²)`.
  @Sendable private static func errorFunction(_ s: Unary, _ p: inout Expander) throws(OpError) -> ValueID {
    let bell = p.add("Exp", [p.add("Neg", [p.product(s.x, s.x)])])
    return p.product(s.gradient, p.product(bell, try p.number(2 / Double.pi.squareRoot(), like: s.x)))
  }

  /// At 0 there is none, and 0 stands for it.
  @Sendable private static func rectifier(_ s: Unary, _ p: inout Expander) throws(OpError) -> ValueID {
    let zero = try p.number(0, like: s.x)
    return p.add("Where", [p.add("Greater", [s.x, zero]), s.gradient, zero])
  }

  /// `y · (1 - y)`.
  @Sendable private static func sigmoid(_ s: Unary, _ p: inout Expander) throws(OpError) -> ValueID {
    p.product(s.gradient, p.product(s.y, p.add("Sub", [try p.number(1, like: s.x), s.y])))
  }

  /// `1 / 2y`.
  @Sendable private static func root(_ s: Unary, _ p: inout Expander) throws(OpError) -> ValueID {
    p.add("Div", [s.gradient, p.add("Add", [s.y, s.y])])
  }

  /// `1 - y²`.
  @Sendable private static func tangent(_ s: Unary, _ p: inout Expander) throws(OpError) -> ValueID {
    p.product(s.gradient, p.add("Sub", [try p.number(1, like: s.x), p.product(s.y, s.y)]))
  }

  /// Of floats that become other floats; other types have no derivatives.
  @Sendable private static func cast(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let type = try parts.dataType(try step.operand(0))
    return [type.isFloat ? try parts.cast(step.gradient, to: type) : nil]
  }

  @Sendable private static func sum(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    try each(step, &parts) { (_, parts) in step.gradient }
  }

  @Sendable private static func difference(
    _ step: GradientStep, _ parts: inout Expander
  ) throws(OpError) -> [ValueID?] {
    try each(step, &parts) { (index, parts) in index == 0 ? step.gradient : parts.add("Neg", [step.gradient]) }
  }

  @Sendable private static func product(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    try each(step, &parts) { (index, parts) throws(OpError) in
      parts.product(step.gradient, try step.operand(1 - index))
    }
  }

  /// `1 / b` and `-y / b`.
  @Sendable private static func quotient(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    try each(step, &parts) { (index, parts) throws(OpError) in
      let share = parts.add("Div", [step.gradient, try step.operand(1)])
      return index == 0 ? share : parts.add("Neg", [parts.product(share, step.y)])
    }
  }

  /// `b · a^(b - 1)` and `y · log(a)`, the latter 0 where `a` is not positive.
  @Sendable private static func power(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let (base, exponent) = (try step.operand(0), try step.operand(1))
    return try each(step, &parts) { (index, parts) throws(OpError) in
      if index == 0 {
        let less = parts.add("Sub", [exponent, try parts.number(1, like: exponent)])
        let factor = try parts.cast(exponent, to: try parts.dataType(base))
        return parts.product(step.gradient, parts.product(factor, parts.add("Pow", [base, less])))
      }
      let (zero, one) = (try parts.number(0, like: base), try parts.number(1, like: base))
      let isPositive = parts.add("Greater", [base, zero])
      let logarithm = parts.add("Log", [parts.add("Where", [isPositive, base, one])])
      return parts.product(step.gradient, parts.product(step.y, logarithm))
    }
  }

  /// Each side where it was taken.
  @Sendable private static func choice(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let condition = try step.operand(0)
    return try each(step, &parts) { (index, parts) throws(OpError) in
      let zero = try parts.number(0, like: step.gradient)
      return parts.add("Where", [condition, index == 1 ? step.gradient : zero, index == 1 ? zero : step.gradient])
    }
  }

  /// What `body` gives for each operand that is asked for, in the operand's shape.
  private static func each(
    _ step: GradientStep, _ parts: inout Expander,
    _ body: (Int, inout Expander) throws(OpError) -> ValueID
  ) throws(OpError) -> [ValueID?] {
    var gradients: [ValueID?] = []
    for index in step.wants.indices {
      guard step.wants[index] else {
        gradients.append(nil)
        continue
      }
      gradients.append(try parts.fit(try body(index, &parts), to: try step.operand(index)))
    }
    return gradients
  }
}
