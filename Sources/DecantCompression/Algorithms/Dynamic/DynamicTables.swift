internal import DecantIR

/// Tables that are gathered as codes, and what merely moves codes.
extension DynamicQuantizer {
  /// Given: `%y = Gather(%table, %ids)` with a constant `%table`
  /// Result: `%y = DequantizeLinear(Gather(%codes, %ids))`, with a scale for each column.
  mutating func gather(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> NodeOutcome {
    let node = rewriter.graph[id]
    guard let table = node.operand(0), let y = node.result(0), let data = rewriter.graph[table].constant,
      data.dataType == .float32
    else { return .unconcerned("its table is computed, or not float32") }
    guard isCompatible || data.elementCount >= CodedTable.leastElements else {
      return .unconcerned("a small table")
    }
    let axis = node.attributes.int("axis", default: 0)
    let hasColumns = options.isPerChannel && data.rank >= 2 && axis != data.rank - 1 && axis != -1
    let entry: CodedValues.Coded
    if isCompatible {
      entry = try constant(table, .init(grid: activations, symmetric: false), &rewriter)
    } else {
      let columns = hasColumns ? data.rank - 1 : nil
      entry = try constant(table, .init(grid: weights, symmetric: false, axis: columns), &rewriter)
    }
    let type = rewriter.graph[y].type
    let position = entry.axis == nil ? nil : type.shape.map { $0.dimensions.count - 1 } ?? -1
    move(id, y, entry, axis: position, node.name, &rewriter)
    return .quantized("table \(position == nil ? "per tensor" : "per column"), gathered as codes")
  }

  /// In ONNX Runtime's style a Transpose of codes gives codes.
  mutating func transpose(_ id: NodeID, _ rewriter: inout Rewriter) -> NodeOutcome {
    let node = rewriter.graph[id]
    guard isCompatible, let x = node.operand(0), let y = node.result(0), let input = coded[x], input.axis == nil else {
      return .unconcerned("it moves floats")
    }
    move(id, y, input, axis: nil, node.name, &rewriter)
    return .quantized("moves codes")
  }

  /// Puts the same operator on codes beside node `id`, whose result `y` then exists as codes only.
  private mutating func move(
    _ id: NodeID, _ y: ValueID, _ input: CodedValues.Coded, axis: Int?, _ name: String, _ rewriter: inout Rewriter
  ) {
    let node = rewriter.graph[id]
    let type = rewriter.graph[y].type
    let codes = rewriter.add(
      node.op, [input.codes] + node.declaredOperands.dropFirst(), node.attributes,
      name: rewriter.graph[y].name + "_quantized",
      type: rewriter.graph[input.codes].type.dataType.map { .tensor($0, type.shape) } ?? .unknown, at: .before(id))
    if let producer = rewriter.graph[codes].producer {
      rewriter.setName(id, name + "_float")
      rewriter.setName(producer, name)
    }
    coded.set(
      y, .init(codes: codes, scale: input.scale, zeroPoint: input.zeroPoint, axis: axis), rewriter.graph)
    coded.retire(id)
  }

  /// com.microsoft's EmbedLayerNormalization: tables, scale and shift as uint8 codes.
  mutating func embedding(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> NodeOutcome {
    let node = rewriter.graph[id]
    guard isCompatible else { return .skipped("nothing runs its integer form") }
    guard node.results.count <= 2 else { return .skipped("it has three results") }
    var codes: [ValueID?] = []
    var scales: [ValueID?] = []
    var zeroPoints: [ValueID?] = []
    for index in 2...6 {
      let entry = try node.operand(index).map { (value) throws(OpError) in
        try activation(value, before: id, &rewriter)
      }
      codes.append(entry?.codes)
      scales.append(entry?.scale)
      zeroPoints.append(entry?.zeroPoint)
    }
    let operands = [node.operand(0), node.operand(1)] + codes + [node.operand(7)] + scales + zeroPoints
    rewriter.setOperands(id, operands)
    rewriter.setOp(id, .microsoft("QEmbedLayerNormalization"))
    rewriter.setName(id, node.name + "_quant")
    return .quantized("tables, scale and shift as uint8 codes")
  }
}
