internal import DecantIR

/// Makes float products of those whose sums of integers are scaled afterwards.
///
/// Given: `%y = Cast(MatMulInteger(%x, %w, x_zero, w_zero)) · (x_scale · w_scale)`
/// Result: `%y = MatMul(DequantizeLinear(%x, x_scale, x_zero), DequantizeLinear(%w, w_scale, w_zero))`
struct IntegerProducts: FormStep {
  private(set) var report = FormReport()

  private static let products: [OpName: OpName] = ["MatMulInteger": "MatMul", "ConvInteger": "Conv"]

  mutating func run(_ rewriter: inout Rewriter) {
    for id in rewriter.graph.order where rewriter.graph.contains(id) {
      let (node, label) = (rewriter.graph[id], rewriter.graph.label(of: id))
      guard let op = IntegerProducts.products[node.op] else { continue }
      do throws(OpError) {
        try replace(id, node, op, &rewriter)
        report.convert(label, node.op, to: op.description)
      } catch {
        report.leave(label, node.op, error.message)
      }
    }
  }

  private func replace(_ id: NodeID, _ node: Node, _ op: OpName, _ rewriter: inout Rewriter) throws(OpError) {
    guard let left = node.operand(0), let right = node.operand(1), let sums = node.result(0),
      let cast = rewriter.graph.onlyConsumer(of: sums), rewriter.graph[cast].op == "Cast",
      let numbers = rewriter.graph[cast].result(0), let scaled = rewriter.graph.onlyConsumer(of: numbers),
      rewriter.graph[scaled].op == "Mul", let result = rewriter.graph[scaled].result(0),
      let scales = scales(of: scaled, besides: numbers, left, rewriter.graph)
    else { throw OpError("its sums are not multiplied by its two scales alone") }
    let operands = [
      try dequantize(left, scales.left, node.operand(2), nil, before: id, &rewriter),
      try dequantize(right, scales.right, node.operand(3), op, before: id, &rewriter),
    ]
    let name = rewriter.graph[result].name
    let made = rewriter.add(
      op, operands, node.attributes, name: name + "_product", type: rewriter.graph[result].type, at: .before(scaled))
    if let producer = rewriter.graph[made].producer { rewriter.setName(producer, node.name.droppingEnd("_quant")) }
    rewriter.replaceAllUses(of: result, with: made)
    rewriter.eraseWithProducers(scaled)
    rewriter.rename(made, to: name)
  }

  /// The scales of both operands: the factors of a product, that of the activation first unless it is known to be the other.
  private func scales(
    of node: NodeID, besides numbers: ValueID, _ left: ValueID, _ graph: Graph
  ) -> (left: ValueID, right: ValueID)? {
    guard let factor = graph[node].declaredOperands.compactMap({ $0 }).first(where: { $0 != numbers }),
      let producer = graph[factor].producer, graph[producer].op == "Mul"
    else { return nil }
    let factors = graph[producer].declaredOperands.compactMap { $0 }
    guard factors.count == 2 else { return nil }
    let own = graph[left].producer.flatMap { graph[$0].op == "DynamicQuantizeLinear" ? graph[$0].result(1) : nil }
    return own == factors[1] ? (factors[1], factors[0]) : (factors[0], factors[1])
  }

  /// DequantizeLinear of an operand; a weight of `op` may have a scale for each channel.
  private func dequantize(
    _ codes: ValueID, _ scale: ValueID, _ zeroPoint: ValueID?, _ op: OpName?, before id: NodeID,
    _ rewriter: inout Rewriter
  ) throws(OpError) -> ValueID {
    var (scale, zeroPoint, attributes) = (scale, zeroPoint, Attributes())
    if let op, let data = rewriter.graph[codes].constant, let scales = rewriter.graph[scale].constant {
      let (count, axis) = (scales.elementCount, op == "Conv" ? 0 : data.rank - 1)
      guard count == 1 || (data.rank > 0 && data.shape[axis] == count) else {
        throw OpError("its weight has other channels than its scale")
      }
      if count > 1 { attributes["axis"] = .int(Int64(axis)) }
      scale = rewriter.addInitializer(
        rewriter.graph[scale].name + "_by_channel", scales.reshaped(count == 1 ? [] : [count]))
      if let point = zeroPoint, let values = rewriter.graph[point].constant?.integers, let first = values.first,
        values.count != count || count == 1
      {
        guard values.count == 1 else { throw OpError("its weight has other zero points than scales") }
        zeroPoint = rewriter.addInitializer(
          rewriter.graph[point].name + "_by_channel",
          AffineParameters.zeroPoints(
            [Int](repeating: first, count: count), type: data.dataType, isScalar: count == 1))
      }
    }
    let operands = [codes, scale] + (zeroPoint.map { [$0] } ?? [])
    return rewriter.add(
      "DequantizeLinear", operands, attributes, name: rewriter.graph[codes].name + "_DequantizeLinear",
      type: .tensor(rewriter.graph[scale].type.dataType ?? .float32, rewriter.graph[codes].type.shape),
      at: .before(id))
  }
}
