internal import DecantIR

/// Puts float operators between DequantizeLinear and QuantizeLinear in the place of operators on codes.
///
/// Given: `%y = QLinearAdd(%a, a_scale, a_zero, %b, b_scale, b_zero, y_scale, y_zero)`
/// Result: `%y = QuantizeLinear(Add(DequantizeLinear(%a), DequantizeLinear(%b)))`
///
/// Codes, scales and zero points are taken over as they are.
struct OperatorExpansion: FormStep {
  /// What codes mean.
  private struct Grid {
    let scale: ValueID
    let zeroPoint: ValueID?
  }

  private struct Key: Hashable {
    let codes: ValueID
    let scale: ValueID
    let zeroPoint: ValueID?
  }

  private(set) var report = FormReport()
  private var grids: [ValueID: Grid] = [:]
  private var floats: [Key: ValueID] = [:]

  mutating func run(_ rewriter: inout Rewriter) {
    for id in rewriter.graph.order.reversed() { learn(from: id, rewriter.graph) }
    for id in rewriter.graph.order where rewriter.graph.contains(id) { visit(id, &rewriter) }
    rewriter.dropUnreadCodes()
  }

  /// What a reader of codes says that they mean, also before operators that only move them.
  private mutating func learn(from id: NodeID, _ graph: Graph) {
    func isSingle(_ scale: ValueID) -> Bool {
      graph[scale].constant.map { $0.elementCount == 1 } ?? (graph[scale].type.shape?.rank == 0)
    }
    let node = graph[id]
    if let read = AffineNode.dequantize(id, graph) {
      guard read.blockSize == 0, isSingle(read.scale) else { return }
      grids[read.source] = Grid(scale: read.scale, zeroPoint: read.zeroPoint)
    } else if let integer = IntegerOperator.standing(for: node) {
      for (codes, scale, zeroPoint) in triples(of: node, integer) where isSingle(scale) {
        grids[codes] = Grid(scale: scale, zeroPoint: zeroPoint)
      }
    } else if IntegerOperator.movers.contains(node.op), let input = node.operand(0), let result = node.result(0),
      let grid = grids[result], grids[input] == nil, graph[grid.scale].producer == nil
    {
      grids[input] = grid
    }
  }

  private mutating func visit(_ id: NodeID, _ rewriter: inout Rewriter) {
    if let made = AffineNode.quantize(id, rewriter.graph) {
      if made.blockSize == 0 { grids[made.result] = Grid(scale: made.scale, zeroPoint: made.zeroPoint) }
      return
    }
    if let read = AffineNode.dequantize(id, rewriter.graph) {
      lookUp(read, &rewriter)
      return
    }
    let (node, label) = (rewriter.graph[id], rewriter.graph.label(of: id))
    if let integer = IntegerOperator.standing(for: node) {
      if let reason = expand(id, integer, &rewriter) {
        report.leave(label, node.op, reason)
      } else {
        report.convert(label, node.op, to: "\(integer.float) between pairs")
      }
    } else if let input = node.operand(0), let grid = grids[input] {
      if IntegerOperator.movers.contains(node.op) {
        move(id, input, grid, &rewriter)
        report.convert(label, node.op, to: "\(node.op) between pairs")
      } else if node.op == "ArgMax" {
        rewriter.setOperand(0, of: id, to: dequantize(input, grid.scale, grid.zeroPoint, axis: nil, id, &rewriter))
        report.convert(label, node.op, to: "ArgMax of floats")
      }
    }
  }

  // MARK: Operators

  /// What stands where among the operands of `node`.
  private func places(of node: Node, _ integer: IntegerOperator) -> [IntegerOperator.Slot: ValueID] {
    var places: [IntegerOperator.Slot: ValueID] = [:]
    for (index, slot) in integer.slots(count: count(of: node, integer)).enumerated() {
      places[slot] = node.operand(index)
    }
    return places
  }

  /// How many operands follow the slots as codes, scale and zero point.
  private func count(of node: Node, _ integer: IntegerOperator) -> Int {
    integer.repeats ? max(0, node.declaredOperands.count - integer.slots.count) / 3 : 0
  }

  private func indices(of node: Node, _ integer: IntegerOperator) -> [Int] {
    integer.slots(count: count(of: node, integer)).compactMap { slot in
      if case .codes(let index) = slot { index } else { nil }
    }
  }

  private func triples(
    of node: Node, _ integer: IntegerOperator
  ) -> [(codes: ValueID, scale: ValueID, zeroPoint: ValueID?)] {
    let places = places(of: node, integer)
    return indices(of: node, integer).compactMap { index in
      guard let codes = places[.codes(index)], let scale = places[.scale(index)] else { return nil }
      return (codes, scale, places[.zeroPoint(index)])
    }
  }

  /// Replaces node `id`; gives the reason when it cannot.
  private mutating func expand(_ id: NodeID, _ integer: IntegerOperator, _ rewriter: inout Rewriter) -> String? {
    let node = rewriter.graph[id]
    guard node.attributes.int("channels_last", default: 0) == 0 else { return "its channels are the last axis" }
    guard let result = node.result(0) else { return "it has no result" }
    let (places, needed) = (places(of: node, integer), indices(of: node, integer))
    guard needed.allSatisfy({ places[.codes($0)] != nil && places[.scale($0)] != nil }) else {
      return "its operands are not complete"
    }
    if !integer.givesFloat, places[.resultScale] == nil { return "its result has no scale" }
    var bias: ValueID?
    if let codes = integer.slots.compactMap({ slot in if case .bias = slot { places[slot] } else { nil } }).first {
      guard let made = self.bias(codes, integer.float, places, node, id, &rewriter) else {
        return "the scale of its bias is computed"
      }
      bias = made
    }
    var operands: [ValueID?] = []
    for index in needed {
      guard let codes = places[.codes(index)], let scale = places[.scale(index)] else { continue }
      while operands.count < index {
        operands.append(places[.plain(operands.count)])
      }
      let axis = channelAxis(integer.float, index, scale, codes, node.attributes, rewriter.graph)
      operands.append(dequantize(codes, scale, places[.zeroPoint(index)], axis: axis, id, &rewriter))
    }
    if let bias { operands.append(bias) }
    var attributes = node.attributes
    for name in ["channels_last", "opset"] { attributes[name] = nil }
    replace(id, result, integer.float, operands, attributes, places, &rewriter)
    return nil
  }

  private mutating func replace(
    _ id: NodeID, _ codes: ValueID, _ op: OpName, _ operands: [ValueID?], _ attributes: Attributes,
    _ places: [IntegerOperator.Slot: ValueID], _ rewriter: inout Rewriter
  ) {
    let (name, shape) = (rewriter.graph[codes].name, rewriter.graph[codes].type.shape)
    let nodeName = rewriter.graph[id].name.droppingEnd("_quant")
    let float = rewriter.add(
      op, operands, attributes, name: name.droppingEnd("_quantized"), type: .tensor(.float32, shape), at: .before(id))
    if let made = rewriter.graph[float].producer { rewriter.setName(made, nodeName) }
    guard let scale = places[.resultScale] else {
      let sum = places[.addend].map { addend in
        rewriter.add(
          "Add", [float, addend], name: name + "_sum", type: .tensor(.float32, shape), at: .before(id))
      }
      rewriter.takePlace(of: codes, with: sum ?? float)
      return
    }
    quantize(float, codes, scale, places[.resultZeroPoint], id, &rewriter)
  }

  /// Puts QuantizeLinear of `float` in the place of `codes`, which node `id` gave.
  private mutating func quantize(
    _ float: ValueID, _ codes: ValueID, _ scale: ValueID, _ zeroPoint: ValueID?, _ id: NodeID,
    _ rewriter: inout Rewriter
  ) {
    let type = rewriter.graph[codes].type
    let made = rewriter.add(
      "QuantizeLinear", [float, scale] + (zeroPoint.map { [$0] } ?? []),
      name: rewriter.graph[codes].name + "_made", type: type, at: .before(id))
    if let node = rewriter.graph[made].producer {
      rewriter.setName(node, rewriter.graph[float].name + "_QuantizeLinear")
    }
    rewriter.takePlace(of: codes, with: made)
    grids[made] = Grid(scale: scale, zeroPoint: zeroPoint)
  }

  /// The axis of channels where the scale has more than one element.
  private func channelAxis(
    _ op: OpName, _ index: Int, _ scale: ValueID, _ codes: ValueID, _ attributes: Attributes, _ graph: Graph
  ) -> Int? {
    let count = graph[scale].constant?.elementCount ?? graph[scale].type.shape.map { $0.rank == 0 ? 1 : 2 } ?? 1
    guard count > 1, let axis = IntegerOperator.channelAxis(op, operand: index, attributes) else { return nil }
    let rank = graph[codes].constant?.rank ?? graph[codes].type.shape?.rank
    return axis < 0 ? rank.map { $0 + axis } ?? axis : axis
  }

  /// DequantizeLinear of `codes`, made once for each scale.
  private mutating func dequantize(
    _ codes: ValueID, _ scale: ValueID, _ zeroPoint: ValueID?, axis: Int?, _ id: NodeID, _ rewriter: inout Rewriter
  ) -> ValueID {
    let key = Key(codes: codes, scale: scale, zeroPoint: zeroPoint)
    if let known = floats[key] { return known }
    let name = rewriter.graph[codes].name.droppingEnd("_quantized")
    let operands = [codes, scale] + (zeroPoint.map { [$0] } ?? [])
    let position = rewriter.graph[codes].producer.map { Rewriter.Position.after($0) }
    let start = rewriter.graph.firstNode.map { Rewriter.Position.before($0) }
    // Beside its codes, so that every later reader may use it; but a computed scale may come after them.
    let isFixed = rewriter.graph[scale].producer == nil
    let made = rewriter.add(
      "DequantizeLinear", operands, axis.map { ["axis": .int(Int64($0))] } ?? [:],
      name: name + "_DequantizeLinear_Output",
      type: .tensor(rewriter.graph[scale].type.dataType ?? .float32, rewriter.graph[codes].type.shape),
      at: isFixed ? position ?? start ?? .before(id) : .before(id))
    if let node = rewriter.graph[made].producer { rewriter.setName(node, name + "_DequantizeLinear") }
    floats[key] = made
    return made
  }

  /// DequantizeLinear of int32 codes on the scale of the product.
  private mutating func bias(
    _ codes: ValueID, _ op: OpName, _ places: [IntegerOperator.Slot: ValueID], _ node: Node, _ id: NodeID,
    _ rewriter: inout Rewriter
  ) -> ValueID? {
    guard let input = places[.scale(0)].flatMap({ rewriter.graph[$0].constant?.floats }), input.count == 1,
      let weights = places[.scale(1)].flatMap({ rewriter.graph[$0].constant?.floats })
    else { return nil }
    let factor = op == "Gemm" ? node.attributes.float("alpha", default: 1) : 1
    let products = weights.map { factor * input[0] * $0 }
    let isScalar = products.count == 1
    let name = rewriter.graph[codes].name
    let scale = rewriter.addInitializer(
      name + "_scale", AffineParameters.scales(products, type: .float32, isScalar: isScalar))
    let shape = rewriter.graph[codes].constant?.shape ?? []
    let axis = isScalar ? nil : max(0, shape.count - 1)
    return dequantize(codes, scale, nil, axis: axis, id, &rewriter)
  }

  // MARK: Movers

  /// Given: `%y = Transpose(%x)` of codes. Result: `%y = QuantizeLinear(Transpose(DequantizeLinear(%x)))`.
  private mutating func move(_ id: NodeID, _ input: ValueID, _ grid: Grid, _ rewriter: inout Rewriter) {
    let node = rewriter.graph[id]
    var operands = Array(node.declaredOperands)
    operands[0] = dequantize(input, grid.scale, grid.zeroPoint, axis: nil, id, &rewriter)
    if node.op == "Pad", let filler = node.operand(2) {
      // Padding with the zero point is padding with zero.
      let isZero = filler == grid.zeroPoint
      operands[2] = isZero ? nil : dequantize(filler, grid.scale, grid.zeroPoint, axis: nil, id, &rewriter)
      if isZero, operands.count == 3 { operands.removeLast() }
    }
    let coded = node.op == "MaxPool" ? 1 : node.results.count
    let made = rewriter.addNode(
      node.op, operands, node.attributes, name: node.name.droppingEnd("_quant"),
      resultNames: node.results.map { $0.map { rewriter.graph[$0].name.droppingEnd("_quantized") } },
      resultTypes: node.results.enumerated().map { index, result in
        let own = result.map { rewriter.graph[$0].type } ?? .unknown
        return index < coded ? .tensor(.float32, own.shape) : own
      }, at: .before(id))
    let results = rewriter.graph[made].results
    for (index, result) in node.results.enumerated().reversed() {
      guard let result, let float = results[index] else { continue }
      if index < coded {
        quantize(float, result, grid.scale, grid.zeroPoint, id, &rewriter)
      } else {
        rewriter.replaceAllUses(of: result, with: float)
      }
    }
    if rewriter.graph.contains(id), rewriter.isUnread(id) { rewriter.erase(id) }
  }

  /// Given: `%y = DequantizeLinear(Gather(%table, %ids))` with a constant table of codes.
  /// Result: `%y = Gather(DequantizeLinear(%table), %ids)`.
  private mutating func lookUp(_ read: AffineNode, _ rewriter: inout Rewriter) {
    guard read.blockSize == 0, let gather = rewriter.graph[read.source].producer else { return }
    let node = rewriter.graph[gather]
    guard node.op == "Gather", let table = node.operand(0), let data = rewriter.graph[table].constant,
      let scales = rewriter.graph[read.scale].constant
    else { return }
    var axis: Int?
    if scales.elementCount > 1 {
      let gathered = node.attributes.int("axis", default: 0)
      guard let rank = rewriter.graph[read.source].type.shape?.rank, data.rank >= 2,
        (read.axis + rank) % max(rank, 1) == rank - 1, gathered != data.rank - 1, gathered != -1
      else { return }
      axis = data.rank - 1
    }
    let float = dequantize(table, read.scale, read.zeroPoint, axis: axis, gather, &rewriter)
    let result = rewriter.add(
      "Gather", [float, node.operand(1)], node.attributes, name: node.name + "_float",
      type: rewriter.graph[read.result].type, at: .before(read.id))
    if let made = rewriter.graph[result].producer { rewriter.setName(made, node.name.droppingEnd("_quant")) }
    report.convert(rewriter.graph.label(of: gather), node.op, to: "Gather of floats")
    rewriter.takePlace(of: read.result, with: result)
    if rewriter.isUnread(gather) { rewriter.erase(gather) }
  }
}

extension String {
  /// Itself without `end`, when it ends so.
  func droppingEnd(_ end: String) -> String {
    hasSuffix(end) && count > end.count ? String(dropLast(end.count)) : self
  }
}
