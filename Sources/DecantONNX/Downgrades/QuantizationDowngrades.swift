internal import DecantIR

/// Quantized types, axes and blocks that older versions lack.
enum QuantizationDowngrades {
  static let steps =
    ["QuantizeLinear", "DequantizeLinear"].flatMap { op in
      [
        OpsetStep(op, 25) { (node: NodeID, rewriter: inout Rewriter) throws(OpError) in
          try refuse([.int2, .uint2], node, rewriter)
        },
        OpsetStep(op, 23) { (node: NodeID, rewriter: inout Rewriter) throws(OpError) in
          try refuse([.float4E2M1], node, rewriter)
        },
        OpsetStep(op, 21) { (node: NodeID, rewriter: inout Rewriter) throws(OpError) in
          try refuse([.int4, .uint4, .int16, .uint16], node, rewriter)
        },
        OpsetStep(op, 19) { (node: NodeID, rewriter: inout Rewriter) throws(OpError) in
          try refuse([.float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ], node, rewriter)
        },
        OpsetStep(op, 13, dropAxis),
      ]
    }

  private static func refuse(_ types: Set<DataType>, _ node: NodeID, _ rewriter: borrowing Rewriter) throws(OpError) {
    for index in [0, 2] {
      guard let operand = rewriter.graph[node].operand(index) else { continue }
      let type = rewriter.graph.knownConstant(operand)?.dataType ?? rewriter.graph[operand].type.dataType
      if let type, types.contains(type) { throw OpError("older versions do not quantize to \(type)") }
    }
  }

  /// Before, one scale served the whole tensor.
  private static func dropAxis(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    if let scale = rewriter.knownOperand(1, of: node), scale.elementCount > 1 {
      throw OpError("older versions have one scale for the whole tensor")
    }
    rewriter.setAttribute(node, "axis", nil)
  }
}
