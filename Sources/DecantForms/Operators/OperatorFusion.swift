internal import DecantIR

/// Puts operators on codes in the place of float operators between DequantizeLinear and QuantizeLinear.
///
/// Given: `%y = QuantizeLinear(Conv(DequantizeLinear(%x), DequantizeLinear(%w), DequantizeLinear(%b)))`
/// Result: `%y = QLinearConv(%x, x_scale, x_zero, %w, w_scale, w_zero, y_scale, y_zero, %b)`
///
/// Codes, scales and zero points are taken over as they are. What has no operator on codes stays between its pairs, with
/// the reason in the report.
struct OperatorFusion: FormStep {
  private(set) var report = FormReport()
  private let accepts: (NodeID, Graph) -> Bool

  /// For the operators that `accepts` names.
  init(where accepts: @escaping (NodeID, Graph) -> Bool = { _, _ in true }) { self.accepts = accepts }

  mutating func run(_ rewriter: inout Rewriter) {
    for id in rewriter.graph.order where rewriter.graph.contains(id) && accepts(id, rewriter.graph) {
      visit(id, &rewriter)
    }
    rewriter.dropUnreadCodes()
  }

  private mutating func visit(_ id: NodeID, _ rewriter: inout Rewriter) {
    let node = rewriter.graph[id]
    guard AffineNode.quantize(id, rewriter.graph) == nil, AffineNode.dequantize(id, rewriter.graph) == nil,
      touchesCodes(node, rewriter.graph)
    else { return }
    let (name, op) = (rewriter.graph.label(of: id), node.op)
    switch replacement(of: id, &rewriter) {
    case .success(let text): report.convert(name, op, to: text)
    case .failure(let error): report.leave(name, op, error.message)
    }
  }

  /// Whether the node reads a float that codes stand behind, or gives one that becomes codes.
  private func touchesCodes(_ node: Node, _ graph: Graph) -> Bool {
    node.declaredOperands.contains { $0.map { AffineNode.dequantize(behind: $0, graph) != nil } ?? false }
      || node.results.contains { $0.map { graph.quantizations(of: $0) != nil } ?? false }
  }

  private func replacement(of id: NodeID, _ rewriter: inout Rewriter) -> Result<String, OpError> {
    let op = rewriter.graph[id].op
    if IntegerOperator.movers.contains(op) { return move(id, &rewriter) }
    if op == "ArgMax" { return read(id, &rewriter) }
    guard let result = rewriter.graph[id].result(0) else { return .failure(OpError("it has no result")) }
    let targets = rewriter.graph.quantizations(of: result)
    guard let integer = IntegerOperator.replacing(op, givingFloat: targets == nil) else {
      let known = IntegerOperator.replacing(op, givingFloat: targets != nil) != nil
      return .failure(OpError(known ? "its result is not codes alone" : "no operator on codes does this"))
    }
    return fuse(id, integer, targets ?? [], &rewriter)
  }

  // MARK: Operators

  private func fuse(
    _ id: NodeID, _ integer: IntegerOperator, _ targets: [AffineNode], _ rewriter: inout Rewriter
  ) -> Result<String, OpError> {
    let match: OperatorMatch
    switch OperatorMatch.find(id, integer, targets.first, rewriter.graph) {
    case .success(let found): match = found
    case .failure(let error): return .failure(error)
    }
    let node = rewriter.graph[id]
    var operands: [ValueID?] = []
    for slot in integer.slots(count: node.declaredOperands.count) {
      operands.append(operand(slot, node, match, targets.first, &rewriter))
    }
    while operands.last == .some(nil) { operands.removeLast() }
    let (float, type) = (node.results[0], node.results[0].map { rewriter.graph[$0].type } ?? .unknown)
    let codeType = targets.first.flatMap { $0.codeType(rewriter.graph) }
    let result = rewriter.add(
      integer.integer, operands, attributes(node, integer), name: node.name + "_quantized",
      type: codeType.map { .tensor($0, type.shape) } ?? type, at: .before(id))
    if let made = rewriter.graph[result].producer { rewriter.setName(made, node.name + "_quant") }
    replace(float, targets, with: result, &rewriter)
    return .success(integer.integer.description)
  }

  private func operand(
    _ slot: IntegerOperator.Slot, _ node: Node, _ match: OperatorMatch, _ target: AffineNode?,
    _ rewriter: inout Rewriter
  ) -> ValueID? {
    switch slot {
    case .plain(let index): return node.operand(index)
    case .bias: return match.bias
    case .addend: return nil
    case .codes(let index): return match.operands[index]?.source
    case .scale(let index): return match.operands[index]?.scale
    case .zeroPoint(let index): return match.operands[index].flatMap { zeroPoint(of: $0, &rewriter) }
    case .resultScale: return target?.scale
    case .resultZeroPoint: return target.flatMap { zeroPoint(of: $0, &rewriter) }
    }
  }

  /// The zero point; zeros where the node leaves it out.
  private func zeroPoint(of affine: AffineNode, _ rewriter: inout Rewriter) -> ValueID? {
    if let known = affine.zeroPoint { return known }
    guard let type = affine.codeType(rewriter.graph), let scale = rewriter.graph[affine.scale].constant else {
      return nil
    }
    let zeros = [Int](repeating: 0, count: scale.elementCount)
    return rewriter.addInitializer(
      rewriter.graph[affine.scale].name + "_zero_point",
      AffineParameters.zeroPoints(zeros, type: type, isScalar: scale.rank == 0))
  }

  private func attributes(_ node: Node, _ integer: IntegerOperator) -> Attributes {
    var attributes = node.attributes
    switch node.op {
    case "Gemm": attributes["beta"] = nil
    // The graph has Softmax as it is from opset 13 on.
    case "Softmax": attributes["opset"] = .int(13)
    default: break
    }
    return attributes
  }

  /// Gives the readers of the codes the new result, and erases what made them.
  private func replace(
    _ float: ValueID?, _ targets: [AffineNode], with result: ValueID, _ rewriter: inout Rewriter
  ) {
    for target in targets.dropFirst() {
      rewriter.replaceAllUses(of: target.result, with: result)
      rewriter.erase(target.id)
    }
    if let target = targets.first { rewriter.takePlace(of: target.result, with: result) }
    guard let float, let producer = rewriter.graph[float].producer else { return }
    if targets.isEmpty {
      rewriter.takePlace(of: float, with: result)
    } else if rewriter.isUnread(producer) {
      rewriter.erase(producer)
    }
  }

  // MARK: Movers

  /// Given: `QuantizeLinear(Transpose(DequantizeLinear(%x)))` on one scale. Result: `Transpose(%x)`.
  private func move(_ id: NodeID, _ rewriter: inout Rewriter) -> Result<String, OpError> {
    let node = rewriter.graph[id]
    guard let input = node.operand(0), let source = AffineNode.dequantize(behind: input, rewriter.graph) else {
      return .failure(OpError("its operand is not codes"))
    }
    guard source.parameters(rewriter.graph) != nil, let type = source.codeType(rewriter.graph), type.bitWidth == 8
    else {
      return .failure(OpError("its operand has no single scale, or is not codes of 8 bits"))
    }
    guard node.op != "Resize" || (node.attributes.string("mode") ?? "nearest") == "nearest" else {
      return .failure(OpError("it computes between elements"))
    }
    // MaxPool gives indices too, which are no numbers in codes.
    let floats = node.op == "MaxPool" ? node.results.prefix(1) : node.results[...]
    var targets: [[AffineNode]] = []
    for case let result? in floats {
      guard let found = rewriter.graph.quantizations(of: result), found[0].means(the: source, rewriter.graph) else {
        return lookUp(id, source, type, &rewriter)
      }
      targets.append(found)
    }
    var operands = Array(node.declaredOperands)
    operands[0] = source.source
    if node.op == "Pad" {
      while operands.count < 3 { operands.append(nil) }
      switch filler(of: node, source, &rewriter) {
      case .success(let filler): operands[2] = filler
      case .failure(let error): return .failure(error)
      }
    }
    let made = rewriter.addNode(
      node.op, operands, node.attributes, name: node.name + "_quant",
      resultNames: node.results.map { $0.map { rewriter.graph[$0].name + "_quantized" } },
      resultTypes: node.results.enumerated().map { index, result in
        let own = result.map { rewriter.graph[$0].type } ?? .unknown
        return index < floats.count ? .tensor(type, own.shape) : own
      }, at: .before(id))
    let results = rewriter.graph[made].results
    for (index, result) in node.results.enumerated().reversed() {
      guard let result, let new = results[index] else { continue }
      if index < floats.count {
        replace(result, targets[floats[..<index].compactMap { $0 }.count], with: new, &rewriter)
      } else {
        rewriter.replaceAllUses(of: result, with: new)
      }
    }
    if rewriter.graph.contains(id), rewriter.isUnread(id) { rewriter.erase(id) }
    return .success("\(node.op) of codes")
  }

  /// Given: `%y = Gather(DequantizeLinear(%table), %ids)`. Result: `%y = DequantizeLinear(Gather(%table, %ids))`.
  private func lookUp(
    _ id: NodeID, _ source: AffineNode, _ type: DataType, _ rewriter: inout Rewriter
  ) -> Result<String, OpError> {
    let node = rewriter.graph[id]
    guard node.op == "Gather", rewriter.graph[source.source].constant != nil, let result = node.result(0) else {
      return .failure(OpError("its result is not codes alone on the scale of its operand"))
    }
    let own = rewriter.graph[result].type
    let codes = rewriter.add(
      "Gather", [source.source, node.operand(1)], node.attributes, name: rewriter.graph[result].name + "_quantized",
      type: .tensor(type, own.shape), at: .before(id))
    if let made = rewriter.graph[codes].producer { rewriter.setName(made, node.name + "_quant") }
    let operands = [codes, source.scale] + (source.zeroPoint.map { [$0] } ?? [])
    let float = rewriter.add(
      "DequantizeLinear", operands, name: rewriter.graph[result].name + "_DequantizeLinear", type: own, at: .before(id))
    rewriter.takePlace(of: result, with: float)
    return .success("Gather of codes")
  }

  /// The code of what Pad adds.
  private func filler(
    of node: Node, _ source: AffineNode, _ rewriter: inout Rewriter
  ) -> Result<ValueID?, OpError> {
    guard (node.attributes.string("mode") ?? "constant") == "constant" else { return .success(node.operand(2)) }
    guard let value = node.operand(2) else { return .success(zeroPoint(of: source, &rewriter)) }
    if let coded = AffineNode.dequantize(behind: value, rewriter.graph), coded.means(the: source, rewriter.graph) {
      return .success(coded.source)
    }
    guard let number = constant(value, rewriter.graph), let parameters = source.parameters(rewriter.graph),
      let type = source.codeType(rewriter.graph), let grid = IntegerGrid(type), number.isFinite, parameters.scale > 0
    else { return .failure(OpError("what it adds is computed")) }
    let code = parameters.code(of: number, grid: grid)
    guard Float(code - parameters.zeroPoint) * parameters.scale == number else {
      return .failure(OpError("what it adds, \(number), is no code of its operand's scale"))
    }
    return .success(
      rewriter.addInitializer(
        rewriter.graph[value].name + "_quantized", AffineParameters.zeroPoints([code], type: type, isScalar: true)))
  }

  /// The one element of a constant, or of one behind DequantizeLinear.
  private func constant(_ value: ValueID, _ graph: Graph) -> Float? {
    if let data = graph[value].constant?.floats { return data.count == 1 ? data[0] : nil }
    guard let coded = AffineNode.dequantize(behind: value, graph), let parameters = coded.parameters(graph),
      let data = graph[coded.source].constant, data.dataType.bitWidth <= 32, let codes = data.integers, codes.count == 1
    else { return nil }
    return Float(codes[0] - parameters.zeroPoint) * parameters.scale
  }

  /// Given: `ArgMax(DequantizeLinear(%x))`. Result: `ArgMax(%x)`: codes have the order of the numbers.
  private func read(_ id: NodeID, _ rewriter: inout Rewriter) -> Result<String, OpError> {
    guard let input = rewriter.graph[id].operand(0), let source = AffineNode.dequantize(behind: input, rewriter.graph),
      let parameters = source.parameters(rewriter.graph), parameters.scale > 0,
      source.codeType(rewriter.graph)?.bitWidth == 8
    else { return .failure(OpError("its operand is not codes of 8 bits on one scale")) }
    rewriter.setOperand(0, of: id, to: source.source)
    return .success("ArgMax of codes")
  }
}
