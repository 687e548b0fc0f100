internal import DecantIR

/// Removes QuantizeLinear and DequantizeLinear: weights become floats, activations are no longer rounded.
///
/// Given: `%y = DequantizeLinear(QuantizeLinear(%x))`
/// Result: `%x` itself; or `Clip(%x, 0, high)` where zero is the least code and `%x` may be negative, for then the codes may
/// have done what an activation function did.
struct FloatRestoration: FormStep {
  private(set) var report = FormReport()
  /// Clips by what they read and where they end.
  private var clips: [ClipKey: ValueID] = [:]

  private struct ClipKey: Hashable {
    let value: ValueID
    let high: Float
  }

  mutating func run(_ rewriter: inout Rewriter) {
    for id in rewriter.graph.order where rewriter.graph.contains(id) { visit(id, &rewriter) }
    rewriter.dropUnreadCodes()
    for id in rewriter.graph.order where isRounding(rewriter.graph[id].op) {
      report.leave(rewriter.graph.label(of: id), rewriter.graph[id].op, "its codes are read as codes")
    }
  }

  private func isRounding(_ op: OpName) -> Bool { ["QuantizeLinear", "DynamicQuantizeLinear"].contains(op.type) }

  private mutating func visit(_ id: NodeID, _ rewriter: inout Rewriter) {
    guard let read = AffineNode.dequantize(id, rewriter.graph) else { return }
    let (node, label) = (rewriter.graph[id], rewriter.graph.label(of: id))
    do throws(OpError) {
      if rewriter.graph[read.source].constant != nil {
        let data = try read.constant(rewriter.graph)
        let name = rewriter.graph[read.source].name.droppingEnd("_quantized")
        rewriter.replaceAllUses(of: read.result, with: rewriter.addInitializer(name, data))
        report.convert(label, node.op, to: "a float constant")
      } else {
        let float = try source(of: read, &rewriter)
        rewriter.replaceAllUses(of: read.result, with: float)
        report.convert(label, node.op, to: "the value before its codes")
      }
    } catch {
      report.leave(label, node.op, error.message)
    }
  }

  /// The float that the codes of `read` were made from.
  private mutating func source(of read: AffineNode, _ rewriter: inout Rewriter) throws(OpError) -> ValueID {
    guard let producer = rewriter.graph[read.source].producer else {
      throw OpError("its codes are an input of the model")
    }
    let node = rewriter.graph[producer]
    if node.op == "DynamicQuantizeLinear", let float = node.operand(0), node.result(1) == read.scale {
      report.unroundedActivations += 1
      return float
    }
    guard let made = AffineNode.quantize(producer, rewriter.graph) else {
      throw OpError("'\(node.op)' computes its codes")
    }
    guard made.means(the: read, rewriter.graph) else { throw OpError("its codes are read on another scale") }
    report.unroundedActivations += 1
    guard let parameters = made.parameters(rewriter.graph), let type = made.codeType(rewriter.graph),
      let grid = IntegerGrid(type), parameters.zeroPoint == grid.codes.lowerBound,
      !rewriter.graph[made.source].isInput, !isNeverNegative(made.source, rewriter.graph, depth: 32)
    else { return made.source }
    return clip(made.source, high: Float(grid.codes.upperBound - parameters.zeroPoint) * parameters.scale, &rewriter)
  }

  private mutating func clip(_ value: ValueID, high: Float, _ rewriter: inout Rewriter) -> ValueID {
    let key = ClipKey(value: value, high: high)
    if let known = clips[key] { return known }
    let name = rewriter.graph[value].name
    let dataType = rewriter.graph[value].type.dataType ?? .float32
    let limits = [Float(0), high].map { Tensor(floats: [$0], shape: [], as: dataType) }
    let operands = [
      value, rewriter.addInitializer(name + "_least", limits[0]), rewriter.addInitializer(name + "_most", limits[1]),
    ]
    let position = rewriter.graph[value].producer.map { Rewriter.Position.after($0) } ?? .end
    let result = rewriter.add(
      "Clip", operands, name: name + "_clipped", type: rewriter.graph[value].type, at: position)
    if let made = rewriter.graph[result].producer { rewriter.setName(made, name + "_Clip") }
    report.clippedActivations += 1
    clips[key] = result
    return result
  }

  /// Whether a value is surely zero or more.
  private func isNeverNegative(_ value: ValueID, _ graph: Graph, depth: Int) -> Bool {
    guard depth > 0, let producer = graph[value].producer else { return false }
    let node = graph[producer]
    guard node.op.domain.isEmpty else { return false }
    func operand(_ index: Int) -> Bool {
      node.operand(index).map { isNeverNegative($0, graph, depth: depth - 1) } ?? false
    }
    switch node.op.type {
    case "Relu", "Sigmoid", "HardSigmoid", "Softmax", "Softplus", "Abs", "Sqrt", "Exp", "ReduceL1", "ReduceL2":
      return true
    case "Clip": return node.operand(1).flatMap { graph[$0].constant?.floats?.first }.map { $0 >= 0 } ?? false
    case "Add", "Mul", "Concat": return node.declaredOperands.indices.allSatisfy(operand)
    case "AveragePool", "GlobalAveragePool": return operand(0)
    case "DequantizeLinear":
      guard let affine = AffineNode.dequantize(producer, graph), let parameters = affine.parameters(graph),
        let grid = affine.codeType(graph).flatMap({ IntegerGrid($0) })
      else { return false }
      return parameters.zeroPoint == grid.codes.lowerBound
    case _ where IntegerOperator.movers.contains(node.op) && node.op != "Pad" && node.op != "Resize": return operand(0)
    default: return false
    }
  }
}
