package import DecantIR
internal import DecantOps

/// A QuantizeLinear or a DequantizeLinear: what it reads, and what its codes mean.
package struct AffineNode {
  /// The node.
  package let id: NodeID
  /// Floats for QuantizeLinear, codes for DequantizeLinear.
  package let source: ValueID
  /// What it gives.
  package let result: ValueID
  /// Its scale, or scales.
  package let scale: ValueID
  /// Its zero points; nil for zeros.
  package let zeroPoint: ValueID?
  /// The axis of channels or blocks, as the node has it.
  package let axis: Int
  /// How many elements share a scale along the axis; zero where there are no blocks.
  package let blockSize: Int

  private init?(_ id: NodeID, _ type: String, _ graph: Graph) {
    let node = graph[id]
    guard node.op.type == type, node.op.domain.isEmpty || node.op.domain == OpName.microsoft,
      let source = node.operand(0), let scale = node.operand(1), let result = node.result(0)
    else { return nil }
    self.id = id
    self.source = source
    self.result = result
    self.scale = scale
    zeroPoint = node.operand(2)
    axis = node.attributes.int("axis", default: 1)
    blockSize = node.attributes.int("block_size", default: 0)
    // Numbers of a file: what follows adds ranks to the one and extents to the other.
    guard (-64...64).contains(axis), (0...1 << 40).contains(blockSize) else { return nil }
  }

  /// `id` as QuantizeLinear; nil when it is another operator.
  package static func quantize(_ id: NodeID, _ graph: Graph) -> AffineNode? { AffineNode(id, "QuantizeLinear", graph) }

  /// `id` as DequantizeLinear; nil when it is another operator.
  package static func dequantize(_ id: NodeID, _ graph: Graph) -> AffineNode? {
    AffineNode(id, "DequantizeLinear", graph)
  }

  /// The DequantizeLinear that gives `value`; nil when something else does.
  package static func dequantize(behind value: ValueID, _ graph: Graph) -> AffineNode? {
    graph[value].producer.flatMap { dequantize($0, graph) }
  }

  /// Scales and zero points that never change, by channel; nil when they are computed.
  package func channels(_ graph: Graph) -> [AffineParameters]? {
    guard let scales = graph[scale].constant?.floats, !scales.isEmpty else { return nil }
    guard let zeroPoint else { return scales.map { AffineParameters(scale: $0, zeroPoint: 0) } }
    guard let data = graph[zeroPoint].constant, data.dataType.bitWidth <= 32, let points = data.integers,
      points.count == scales.count
    else { return nil }
    return zip(scales, points).map { AffineParameters(scale: $0, zeroPoint: $1) }
  }

  /// The one scale and zero point of all codes; nil when there are more, or they are computed.
  package func parameters(_ graph: Graph) -> AffineParameters? {
    guard blockSize == 0, let channels = channels(graph), channels.count == 1 else { return nil }
    return channels[0]
  }

  /// The type of the codes, where it is known.
  package func codeType(_ graph: Graph) -> DataType? {
    let codes = graph[id].op.type == "QuantizeLinear" ? result : source
    return graph[codes].constant?.dataType ?? graph[codes].type.dataType
  }

  /// Whether codes mean the same here and there: one scale, one zero point, one type.
  package func means(the other: AffineNode, _ graph: Graph) -> Bool {
    guard codeType(graph) == other.codeType(graph), codeType(graph) != nil else { return false }
    if scale == other.scale, zeroPoint == other.zeroPoint, blockSize == other.blockSize {
      return blockSize == 0 || axis == other.axis
    }
    guard let own = parameters(graph), let others = other.parameters(graph) else { return false }
    return own == others
  }
}

extension Graph {
  /// The QuantizeLinear nodes that read `value`, when nothing else does and their codes all mean the same.
  func quantizations(of value: ValueID) -> [AffineNode]? {
    let uses = uses(of: value)
    let found = uses.compactMap { use -> AffineNode? in
      guard case .operand(let node, 0) = use else { return nil }
      return AffineNode.quantize(node, self)
    }
    guard let first = found.first, found.count == uses.count, found.allSatisfy({ $0.means(the: first, self) }) else {
      return nil
    }
    return found
  }
}

extension AffineNode {
  /// What a DequantizeLinear of constants gives.
  ///
  /// - Throws: ``OpError`` when an operand is computed or absent, and what the operator throws.
  func constant(_ graph: Graph) throws(OpError) -> Tensor {
    let node = graph[id]
    var operands: [Tensor?] = []
    for operand in node.declaredOperands {
      guard let operand else {
        operands.append(nil)
        continue
      }
      guard let data = graph[operand].constant, data.bytes != nil else { throw OpError("its operands are computed") }
      operands.append(data)
    }
    guard let evaluate = StandardOps().definition(of: "DequantizeLinear")?.evaluate else {
      throw OpError("DequantizeLinear has no kernel")
    }
    let results = try evaluate(
      EvaluationContext(op: "DequantizeLinear", attributes: node.attributes, operands: operands))
    guard let result = results.first else { throw OpError("DequantizeLinear gave no result") }
    return result
  }
}
