internal import DecantIR

/// Derivatives of what moves, spreads and sums elements.
enum LayoutGradients {
  static let all =
    ["Flatten", "Reshape", "Squeeze", "Unsqueeze"].map { GradientRule(OpName($0), reshaped) } + [
      GradientRule("Expand", expand), GradientRule("ReduceMean", mean), GradientRule("ReduceSum", sum),
      GradientRule("Transpose", transpose),
    ]

  /// In the operand's shape again.
  @Sendable private static func reshaped(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [parts.add("Reshape", [step.gradient, parts.add("Shape", [try step.operand(0)])], ["allowzero": .int(1)])]
  }

  @Sendable private static func expand(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try parts.fit(step.gradient, to: try step.operand(0))]
  }

  @Sendable private static func transpose(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    guard let order = step.node.attributes.ints("perm") else { return [parts.add("Transpose", [step.gradient])] }
    var back = order
    for (place, axis) in order.enumerated() where order.indices.contains(axis) { back[axis] = place }
    return [parts.transpose(step.gradient, back)]
  }

  @Sendable private static func sum(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try spread(step, &parts)]
  }

  @Sendable private static func mean(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try step.operand(0)
    let count = parts.add("Div", [parts.add("Size", [x]), parts.add("Size", [step.y])])
    let divisor = try parts.cast(count, to: try parts.dataType(x))
    return [parts.add("Div", [try spread(step, &parts), divisor])]
  }

  /// The derivative by a sum for each element that was summed.
  private static func spread(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> ValueID {
    let x = try step.operand(0)
    var gradient = step.gradient
    if let axes = step.node.operand(1), step.node.attributes.int("keepdims", default: 1) == 0 {
      guard parts.constant(axes)?.elementCount != 0 else { throw OpError("'axes' expected one axis or more, got none") }
      gradient = parts.add("Unsqueeze", [gradient, axes])
    }
    return parts.add("Expand", [gradient, parts.add("Shape", [x])])
  }
}
