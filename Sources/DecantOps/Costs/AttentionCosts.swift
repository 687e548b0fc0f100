internal import DecantIR

/// Operations of attention: queries times keys, and what that gives times values. Pairs that a mask leaves out count too.
enum AttentionCosts {
  typealias Shapes = OperationCosts.Shapes

  /// Operands are queries, keys and values, in heads (`[batch, heads, length, width]`) or side by side
  /// (`[batch, length, heads * width]`).
  @Sendable static func heads(_ attributes: Attributes, _ shapes: Shapes) -> Double? {
    guard let queries = shapes.operand(0), let result = shapes.result(0), let length = keyLength(shapes) else {
      return nil
    }
    return 2 * Double(length) * (OperationCosts.elements(queries) + OperationCosts.elements(result))
  }

  /// The operand is multiplied with the weights of queries, keys and values first.
  @Sendable static func projected(_ attributes: Attributes, _ shapes: Shapes) -> Double? {
    guard let operand = shapes.operand(0), operand.count == 3, let weights = shapes.operand(1),
      let width = weights.last,
      let result = shapes.result(0)
    else { return nil }
    let products = 2 * OperationCosts.elements(operand) * Double(width)
    return products + 4 * Double(operand[1]) * OperationCosts.elements(result)
  }

  /// How many keys there are, those of the past included where the result says it.
  private static func keyLength(_ shapes: Shapes) -> Int? {
    if let present = shapes.result(1), present.count == 4 { return present[2] }
    guard let keys = shapes.operand(1) else { return nil }
    return keys.count == 4 ? keys[2] : keys.count == 3 ? keys[1] : nil
  }
}
