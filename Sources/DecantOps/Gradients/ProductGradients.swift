internal import DecantIR

/// Derivatives of matrix products, and of the shares that a softmax makes.
enum ProductGradients {
  static let all = [
    GradientRule("Gemm", general), GradientRule("LogSoftmax", logSoftmax), GradientRule("MatMul", matrix),
    GradientRule("Softmax", softmax),
  ]

  /// `g · bᵀ` and `aᵀ · g`, summed over the batches that an operand was spread to; vectors as matrices of one row or column.
  @Sendable private static func matrix(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let (a, b) = (try step.operand(0), try step.operand(1))
    let (isRow, isColumn) = (try parts.rank(a) == 1, try parts.rank(b) == 1)
    let left = isRow ? parts.unsqueeze(a, [0]) : a
    let right = isColumn ? parts.unsqueeze(b, [1]) : b
    var gradient = step.gradient
    if isColumn { gradient = parts.unsqueeze(gradient, [-1]) }
    if isRow { gradient = parts.unsqueeze(gradient, [-2]) }
    var results: [ValueID?] = [nil, nil]
    if step.wants[0] {
      let whole = try parts.fit(parts.add("MatMul", [gradient, try turned(right, &parts)]), to: left)
      results[0] = isRow ? parts.add("Squeeze", [whole, parts.integers([0])]) : whole
    }
    if step.wants[1] {
      let whole = try parts.fit(parts.add("MatMul", [try turned(left, &parts), gradient]), to: right)
      results[1] = isColumn ? parts.add("Squeeze", [whole, parts.integers([1])]) : whole
    }
    return results
  }

  /// With the last two axes exchanged.
  private static func turned(_ value: ValueID, _ parts: inout Expander) throws(OpError) -> ValueID {
    let rank = try parts.rank(value)
    var order = Array(0..<rank)
    order.swapAt(rank - 2, rank - 1)
    return parts.transpose(value, order)
  }

  /// `y = alpha · a · b + beta · c`, where `a` and `b` may stand transposed.
  @Sendable private static func general(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let (a, b, attributes) = (try step.operand(0), try step.operand(1), step.node.attributes)
    let isTurned = ["transA", "transB"].map { attributes.int($0, default: 0) != 0 }
    let alpha = attributes["alpha"] ?? .float(1)
    func product(_ x: ValueID, _ y: ValueID, _ turnsX: Bool, _ turnsY: Bool, _ parts: inout Expander) -> ValueID {
      parts.add(
        "Gemm", [x, y], ["alpha": alpha, "transA": .int(turnsX ? 1 : 0), "transB": .int(turnsY ? 1 : 0)])
    }
    let g = step.gradient
    var results: [ValueID?] = step.wants.map { _ in nil }
    if step.wants[0] {
      results[0] = isTurned[0] ? product(b, g, isTurned[1], true, &parts) : product(g, b, false, !isTurned[1], &parts)
    }
    if step.wants[1] {
      results[1] = isTurned[1] ? product(g, a, true, isTurned[0], &parts) : product(a, g, !isTurned[0], false, &parts)
    }
    if step.wants.count > 2, step.wants[2] {
      let beta = try parts.number(Double(attributes.float("beta", default: 1)), like: g)
      results[2] = try parts.fit(parts.product(g, beta), to: try step.operand(2))
    }
    return results
  }

  /// `y · (g - Σ g · y)`.
  @Sendable private static func softmax(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let weighted = parts.product(step.gradient, step.y)
    return [parts.product(step.y, parts.add("Sub", [step.gradient, total(weighted, step, &parts)]))]
  }

  /// `g - exp(y) · Σ g`.
  @Sendable private static func logSoftmax(_ step: GradientStep, _ parts: inout Expander) throws(OpError) -> [ValueID?]
  {
    let shares = parts.add("Exp", [step.y])
    return [parts.add("Sub", [step.gradient, parts.product(shares, total(step.gradient, step, &parts))])]
  }

  private static func total(_ value: ValueID, _ step: GradientStep, _ parts: inout Expander) -> ValueID {
    parts.add("ReduceSum", [value, parts.integers([step.node.attributes.int("axis", default: -1)])])
  }
}
