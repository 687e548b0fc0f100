internal import DecantIR

/// Recurrent layers over batches that come first, in terms of those over sequences that come first.
enum RecurrentExpansions {
  static let all = ["GRU", "LSTM", "RNN"].map { Expansion(OpName($0), keepsOperator: true, sequenceFirst) }

  /// Given: `%y, %h = GRU(%x, …) {layout: 1}`, `%x` of `[batch, sequence, input]`.
  /// Result: the same layer between transpositions.
  @Sendable private static func sequenceFirst(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    var operands = Array(parts.node.declaredOperands)
    // The input and the initial states have the batch first; weights, biases and lengths have none.
    for index in [0, 5, 6] where index < operands.count {
      if let operand = operands[index] { operands[index] = parts.transpose(operand, [1, 0, 2]) }
    }
    var attributes = parts.attributes
    attributes["layout"] = nil
    let count = parts.node.results.count
    let results = parts.add(parts.node.op, operands, attributes, results: count)
    return results.enumerated().map { index, result in
      result.map { parts.transpose($0, index == 0 ? [2, 0, 1, 3] : [1, 0, 2]) }
    }
  }
}
