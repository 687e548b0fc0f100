internal import DecantIR

/// The codes that a float operator reads, when an operator on codes can take its place.
struct OperatorMatch {
  /// By operand of the float operator.
  private(set) var operands: [Int: AffineNode] = [:]
  /// The int32 codes of the bias.
  private(set) var bias: ValueID?

  /// The codes for `integer` in the place of node `id`, or why it cannot take that place.
  ///
  /// - Parameter target: the QuantizeLinear that reads the result; nil where that stays float.
  static func find(
    _ id: NodeID, _ integer: IntegerOperator, _ target: AffineNode?, _ graph: Graph
  ) -> Result<OperatorMatch, OpError> {
    let node = graph[id]
    if let reason = attributesReason(node) { return .failure(OpError(reason)) }
    var match = OperatorMatch()
    for case .codes(let index) in integer.slots(count: node.declaredOperands.count) {
      guard let operand = node.operand(index), let affine = AffineNode.dequantize(behind: operand, graph) else {
        return .failure(OpError("its operand \(index) is not codes"))
      }
      if let reason = operandReason(node, index, affine, graph) { return .failure(OpError(reason)) }
      match.operands[index] = affine
    }
    if let reason = match.typesReason(node, target, graph) { return .failure(OpError(reason)) }
    for case .bias(let index) in integer.slots {
      guard let operand = node.operand(index) else { continue }
      guard let codes = match.biasCodes(operand, node, graph) else {
        return .failure(OpError("its bias is not int32 codes on the scale of the product"))
      }
      match.bias = codes
    }
    return .success(match)
  }

  private static func attributesReason(_ node: Node) -> String? {
    switch node.op {
    case "AveragePool":
      guard node.attributes.ints("dilations")?.allSatisfy({ $0 == 1 }) ?? true else {
        return "no operator on codes averages with dilations"
      }
    case "Gemm":
      guard node.operand(2) == nil || node.attributes.float("beta", default: 1) == 1 else {
        return "its bias has a factor"
      }
    default: break
    }
    return nil
  }

  private static func operandReason(_ node: Node, _ index: Int, _ affine: AffineNode, _ graph: Graph) -> String? {
    guard affine.codeType(graph)?.bitWidth == 8 else { return "its operand \(index) is not codes of 8 bits" }
    guard affine.blockSize == 0 else { return "its operand \(index) has a scale for each block" }
    guard let channels = affine.channels(graph) else { return "the scale of its operand \(index) is computed" }
    guard channels.count > 1 else { return nil }
    guard let axis = IntegerOperator.channelAxis(node.op, operand: index, node.attributes),
      let rank = graph[affine.source].constant?.rank, rank > 0
    else { return "its operand \(index) has a scale for each channel" }
    guard (axis + rank) % rank == (affine.axis + rank) % rank, node.op != "MatMul" || rank == 2 else {
      return "its operand \(index) has its scales along axis \(affine.axis)"
    }
    return nil
  }

  /// Activations have one type, that of the result; a weight may have its own, but not without a sign beside signed ones.
  private func typesReason(_ node: Node, _ target: AffineNode?, _ graph: Graph) -> String? {
    let isProduct = ["Conv", "MatMul", "Gemm"].contains(node.op.type)
    let first = operands[operands.keys.min() ?? 0]?.codeType(graph)
    for (index, affine) in operands.sorted(by: { $0.key < $1.key }) where !(isProduct && index == 1) {
      guard affine.codeType(graph) == first else { return "its operands have codes of different types" }
    }
    if let target, target.codeType(graph) != first { return "its result has codes of another type than its operands" }
    if let target, target.parameters(graph) == nil { return "its result has no single scale" }
    if isProduct, node.op != "MatMul", first == .int8, operands[1]?.codeType(graph) == .uint8 {
      return "no operator on codes multiplies int8 by weights of uint8"
    }
    return nil
  }

  /// The codes of a bias whose scale is that of the products it is added to.
  private func biasCodes(_ operand: ValueID, _ node: Node, _ graph: Graph) -> ValueID? {
    guard let bias = AffineNode.dequantize(behind: operand, graph), bias.codeType(graph) == .int32,
      bias.blockSize == 0, graph[bias.source].constant != nil, let scales = bias.channels(graph),
      let input = operands[0]?.parameters(graph), let weights = operands[1]?.channels(graph),
      scales.allSatisfy({ $0.zeroPoint == 0 }), scales.count == weights.count || scales.count == 1 || weights.count == 1
    else { return nil }
    let factor = node.op == "Gemm" ? node.attributes.float("alpha", default: 1) : 1
    for index in 0..<max(scales.count, weights.count) {
      let wanted = factor * input.scale * weights[weights.count == 1 ? 0 : index].scale
      let found = scales[scales.count == 1 ? 0 : index].scale
      guard abs(found - wanted) <= 1e-6 * abs(wanted) else { return nil }
    }
    return bias.source
  }
}
