internal import DecantIR

/// Losses of classifications, in terms of what stands at the target classes.
enum LossExpansions {
  static let all = [
    Expansion("NegativeLogLikelihoodLoss", likelihood), Expansion("SoftmaxCrossEntropyLoss", crossEntropy),
  ]

  @Sendable private static func likelihood(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try loss(try parts.operand(0), &parts)]
  }

  @Sendable private static func crossEntropy(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let logarithms = parts.add("LogSoftmax", [try parts.operand(0)], ["axis": .int(1)])
    return [try loss(logarithms, &parts), logarithms]
  }

  /// The loss over logarithms of shares, of which axis 1 has one for each class.
  private static func loss(_ logarithms: ValueID, _ parts: inout Expander) throws(OpError) -> ValueID {
    var classes = try parts.operand(1)
    var ignored: ValueID?
    if let index = parts.attributes.int("ignore_index") {
      let isIgnored = parts.add("Equal", [classes, try parts.number(Double(index), like: classes)])
      classes = parts.add("Where", [isIgnored, try parts.number(0, like: classes), classes])
      ignored = isIgnored
    }
    let picked = parts.add("GatherElements", [logarithms, parts.unsqueeze(classes, [1])], ["axis": .int(1)])
    var losses = parts.add("Neg", [parts.add("Squeeze", [picked, parts.integers([1])])])
    var weights = parts.optional(2).map { parts.add("Gather", [$0, classes]) }
    if let weights { losses = parts.add("Mul", [losses, weights]) }
    if let ignored {
      let zero = try parts.number(0, like: logarithms)
      losses = parts.add("Where", [ignored, zero, losses])
      let one = try parts.number(1, like: logarithms)
      weights = parts.add("Where", [ignored, zero, weights ?? one])
    }
    switch parts.attributes.string("reduction") ?? "mean" {
    case "none": return losses
    case "sum": return whole("ReduceSum", losses, &parts)
    default:
      guard let weights else { return whole("ReduceMean", losses, &parts) }
      return parts.add("Div", [whole("ReduceSum", losses, &parts), whole("ReduceSum", weights, &parts)])
    }
  }

  /// A reduction to one number.
  private static func whole(_ op: OpName, _ value: ValueID, _ parts: inout Expander) -> ValueID {
    parts.add(op, [value], ["keepdims": .int(0)])
  }
}
