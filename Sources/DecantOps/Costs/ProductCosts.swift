internal import DecantIR

/// Operations of convolutions, matrix products and recurrent layers.
enum ProductCosts {
  typealias Shapes = OperationCosts.Shapes

  /// Each element of the result sums over a window of each channel of its group: the inner extents of the weight.
  static func convolution(weight: Int) -> OperationCosts.Count {
    { (_, shapes) in
      guard let result = shapes.result(0), let weight = shapes.operand(weight) else { return nil }
      return 2 * OperationCosts.elements(result) * OperationCosts.elements(weight.dropFirst())
    }
  }

  /// Each element of the operand goes to a window of each channel of its group.
  @Sendable static func transposedConvolution(_ attributes: Attributes, _ shapes: Shapes) -> Double? {
    guard let operand = shapes.operand(0), let weight = shapes.operand(1) else { return nil }
    return 2 * OperationCosts.elements(operand) * OperationCosts.elements(weight.dropFirst())
  }

  /// Each element of the result sums over the columns of the first factor, or over its rows where that is transposed.
  @Sendable static func matrix(_ attributes: Attributes, _ shapes: Shapes) -> Double? {
    guard let result = shapes.result(0), let factor = shapes.operand(0), let columns = factor.last else { return nil }
    let isTransposed = attributes.int("transA", default: 0) != 0 && factor.count > 1
    return 2 * OperationCosts.elements(result) * Double(isTransposed ? factor[factor.count - 2] : columns)
  }

  /// Weights in blocks do not tell how long their rows are; the attribute `K` does.
  @Sendable static func blocks(_ attributes: Attributes, _ shapes: Shapes) -> Double? {
    guard let result = shapes.result(0), let depth = attributes.int("K") else { return nil }
    return 2 * OperationCosts.elements(result) * Double(depth)
  }

  /// Each step multiplies the input and the state of each sample with all weights.
  @Sendable static func recurrent(_ attributes: Attributes, _ shapes: Shapes) -> Double? {
    guard let input = shapes.operand(0), let weight = shapes.operand(1), let recurrence = shapes.operand(2) else {
      return nil
    }
    return 2 * OperationCosts.elements(input.dropLast())
      * (OperationCosts.elements(weight) + OperationCosts.elements(recurrence))
  }
}
