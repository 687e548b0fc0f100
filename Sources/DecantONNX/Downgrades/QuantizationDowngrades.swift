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
    } + [
      OpsetStep("DequantizeLinear", 23, resultType), OpsetStep("QuantizeLinear", 23, precision),
      OpsetStep("QuantizeLinear", 21, codeType),
    ]

  /// The result has the type of the scale.
  private static func resultType(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let wanted = rewriter.graph[node].attributes.int("output_dtype") else { return }
    guard wanted == 0 || rewriter.graph.elementType(ofOperand: 1, of: node).map({ Int($0.rawValue) }) == wanted else {
      throw OpError("older versions have no attribute 'output_dtype'")
    }
    rewriter.setAttribute(node, "output_dtype", nil)
  }

  /// The division is of the scale's type.
  private static func precision(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    guard let wanted = rewriter.graph[node].attributes.int("precision") else { return }
    guard wanted == 0 || rewriter.graph.elementType(ofOperand: 1, of: node).map({ Int($0.rawValue) }) == wanted else {
      throw OpError("older versions have no attribute 'precision'")
    }
    rewriter.setAttribute(node, "precision", nil)
  }

  /// The type of the codes is that of the zero point, which then must stand.
  private static func codeType(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let wanted = rewriter.graph[node].attributes.int("output_dtype", default: 0)
    if wanted != 0, rewriter.graph[node].operand(2) == nil {
      guard let type = UInt8(exactly: wanted).flatMap(DataType.init(rawValue:)),
        let scale = rewriter.graph[node].operand(1),
        let shape = rewriter.graph.knownConstant(scale)?.shape ?? rewriter.graph[scale].type.shape?.fixedExtents
      else { throw OpError("older versions have no attribute 'output_dtype', and the shape of the scale is not known") }
      rewriter.putOperand(2, of: node, rewriter.addInitializer("zero_point", try .zeros(type, shape: shape)))
    }
    rewriter.setAttribute(node, "output_dtype", nil)
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

extension Shape {
  /// The extents, where all are numbers.
  fileprivate var fixedExtents: [Int]? {
    let extents = dimensions.compactMap(\.fixed)
    return extents.count == rank ? extents : nil
  }
}
