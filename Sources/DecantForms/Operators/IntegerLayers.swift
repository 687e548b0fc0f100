internal import DecantIR

/// Makes float layers of ONNX Runtime's recurrent layers and attention on codes.
///
/// Given: `%y = com.microsoft.DynamicQuantizeLSTM(%x, %w, %r, …)`, `%y = com.microsoft.QAttention(%codes, %w, …)`
/// Result: `%y = LSTM(%x, %w', %r', …)`, `%y = com.microsoft.Attention(DequantizeLinear(%codes), %w', …)`
struct IntegerLayers: FormStep {
  private(set) var report = FormReport()

  mutating func run(_ rewriter: inout Rewriter) {
    for id in rewriter.graph.order where rewriter.graph.contains(id) {
      let (op, label) = (rewriter.graph[id].op, rewriter.graph.label(of: id))
      guard [.microsoft("DynamicQuantizeLSTM"), .microsoft("QAttention")].contains(op) else { continue }
      do throws(OpError) {
        if op.type == "QAttention" { try attend(id, &rewriter) } else { try recur(id, &rewriter) }
        report.convert(label, op, to: rewriter.graph[id].op.description)
      } catch {
        report.leave(label, op, error.message)
      }
    }
  }

  // MARK: Recurrence

  private mutating func recur(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let node = rewriter.graph[id]
    let input = try recurrentWeight(node, 1, scale: 8, zeroPoint: 9, rewriter.graph)
    let state = try recurrentWeight(node, 2, scale: 10, zeroPoint: 11, rewriter.graph)
    var operands: [ValueID?] = [node.operand(0)]
    operands.append(add(input, named: node.operand(1), &rewriter))
    operands.append(add(state, named: node.operand(2), &rewriter))
    for index in 3...7 { operands.append(node.operand(index)) }
    rewriter.setOperands(id, operands.droppingLastNils)
    rewriter.setOp(id, "LSTM")
    report.unroundedActivations += 1
  }

  /// Codes `[directions, inputs, 4 · hidden]` as floats `[directions, 4 · hidden, inputs]`.
  private func recurrentWeight(
    _ node: Node, _ index: Int, scale: Int, zeroPoint: Int, _ graph: Graph
  ) throws(OpError) -> Tensor {
    let codes = try integers(node.operand(index), graph)
    let shape = codes.shape
    guard shape.count == 3, let scales = node.operand(scale).flatMap({ graph[$0].constant?.floats }) else {
      throw OpError("its weight or its scale is computed")
    }
    let points = try integers(node.operand(zeroPoint), graph).values
    let (directions, inputs, rows) = (shape[0], shape[1], shape[2])
    let isPerRow = scales.count == directions * rows
    guard isPerRow || scales.count == directions, points.count == scales.count else {
      throw OpError("its weight has other channels than its scale")
    }
    return Tensor(of: Float.self, shape: [directions, rows, inputs]) { target in
      for place in 0..<target.count {
        let (direction, row, input) = (place / (rows * inputs), place / inputs % rows, place % inputs)
        let channel = isPerRow ? direction * rows + row : direction
        let code = codes.values[(direction * inputs + input) * rows + row]
        target[place] = Float(code - points[channel]) * scales[channel]
      }
    }
  }

  // MARK: Attention

  private mutating func attend(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let node = rewriter.graph[id]
    guard let codes = node.operand(0), let scale = node.operand(3) else { throw OpError("its input has no scale") }
    let weight = try integers(node.operand(1), rewriter.graph)
    guard weight.shape.count == 2, let scales = node.operand(4).flatMap({ rewriter.graph[$0].constant?.floats }) else {
      throw OpError("its weight or its scale is computed")
    }
    let points =
      try node.operand(7).map { (value) throws(OpError) in try integers(value, rewriter.graph).values } ?? [0]
    let columns = weight.shape[1]
    guard [1, columns].contains(scales.count), [1, columns].contains(points.count) else {
      throw OpError("its weight has other channels than its scale")
    }
    let floats = Tensor(of: Float.self, shape: weight.shape) { target in
      for place in 0..<target.count {
        let column = place % columns
        let point = points[points.count == 1 ? 0 : column]
        target[place] = Float(weight.values[place] - point) * scales[scales.count == 1 ? 0 : column]
      }
    }
    let read = rewriter.add(
      "DequantizeLinear", [codes, scale] + (node.operand(6).map { [$0] } ?? []),
      name: rewriter.graph[codes].name + "_DequantizeLinear", type: .tensor(.float32, rewriter.graph[codes].type.shape),
      at: .before(id))
    let factor = add(floats, named: node.operand(1), &rewriter)
    rewriter.setOperands(id, [read, factor, node.operand(2), node.operand(5), node.operand(8)].droppingLastNils)
    rewriter.setOp(id, .microsoft("Attention"))
  }

  // MARK: Help

  private func integers(_ value: ValueID?, _ graph: Graph) throws(OpError) -> (values: [Int], shape: [Int]) {
    guard let value, let data = graph[value].constant, [.int8, .uint8].contains(data.dataType),
      let values = data.integers
    else { throw OpError("its weight or zero point is computed, or not of 8 bits") }
    return (values, data.shape)
  }

  private func add(_ data: Tensor, named codes: ValueID?, _ rewriter: inout Rewriter) -> ValueID {
    let name = codes.map { rewriter.graph[$0].name.droppingEnd("_quantized") } ?? "weight"
    return rewriter.addInitializer(name, data)
  }
}
