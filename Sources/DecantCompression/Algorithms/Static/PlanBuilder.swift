internal import DecantForms
internal import DecantIR

/// Walks the nodes in order and marks what becomes codes.
struct PlanBuilder {
  let style: PlacementStyle
  let options: StaticQuantizationOptions
  let ranges: CalibratedRanges
  let opset: Int
  /// The nodes that may be quantized; others are left alone.
  let selection: NodeSelection
  /// The nodes that some layer with weights follows; nil when it does not matter.
  let leading: Set<NodeID>?
  /// The nodes that the target would run slower on codes, with the reason.
  let slow: [NodeID: String]
  var plan = QuantizationPlan()
  var report = QuantizationReport()

  init(
    style: PlacementStyle, options: StaticQuantizationOptions, ranges: CalibratedRanges, opset: Int,
    selection: NodeSelection, leading: Set<NodeID>? = nil, slow: [NodeID: String] = [:]
  ) {
    self.style = style
    self.options = options
    self.ranges = ranges
    self.opset = opset
    self.selection = selection
    self.leading = leading
    self.slow = slow
  }

  mutating func visit(_ id: NodeID, _ rewriter: inout Rewriter) {
    let node = rewriter.graph[id]
    let (label, op) = (rewriter.graph.label(of: id), node.op)
    let placement = op.domain.isEmpty ? style.placements[op.type] : nil
    if let reason = slow[id], selection.reason(id) == nil {
      report.decisions.append(
        .init(node: label, op: op, .unconcerned(reason), rule: "target \(options.target.rawValue)"))
      return
    }
    let outcome = placement.map { decide(id, node, $0, &rewriter) } ?? untouched(node, rewriter.graph)
    report.decisions.append(.init(node: label, op: op, outcome, rule: placement?.rawValue ?? "not placed"))
  }

  private func untouched(_ node: Node, _ graph: Graph) -> NodeOutcome {
    let holdsWeights = node.subgraphs.contains { $0.graph.holdsWeightedProducts }
    return holdsWeights ? .skipped("its subgraphs are not quantized") : .unconcerned(style.reason)
  }

  private mutating func decide(
    _ id: NodeID, _ node: Node, _ placement: Placement, _ rewriter: inout Rewriter
  ) -> NodeOutcome {
    if let reason = selection.reason(id) { return .excluded(reason) }
    if let least = style.minimumOpsets[node.op.type], opset < least {
      return .skipped("QuantizeLinear fits it from opset \(least) on, and the model is at \(opset)")
    }
    if options.style == .decant, let masked = maskedValue(of: node, rewriter.graph) {
      return .skipped("'\(masked)' carries mask values that no scale covers")
    }
    if let leading, placement.isBetweenLayers, !leading.contains(id) {
      return .unconcerned("no layer with weights follows, so that codes would cost accuracy and gain nothing")
    }
    switch placement {
    case .weighted: return markProduct(id, node, rewriter.graph)
    case .matrixProduct: return markMatrixProduct(node, rewriter.graph)
    case .normalization: return markNormalization(id, node, rewriter.graph)
    case .arithmetic: return markArithmetic(node, rewriter.graph)
    case .passThrough: return markPassThrough(node, rewriter.graph)
    case .gather: return markGather(id, node, rewriter.graph)
    case .split: return markSplit(node, rewriter.graph)
    case .pad: return markPad(node, rewriter.graph)
    case .select: return markSelect(node, rewriter.graph)
    case .removable: return markRemovable(id, node, &rewriter)
    case .arithmeticOfCodes, .reader, .padOfCodes, .dropped:
      guard let input = node.operand(0), plan.contains(input) else { return .unconcerned("its input is") }
      return markOfCodes(id, node, placement, input, &rewriter)
    case .share: return markShare(node, rewriter.graph)
    }
  }

  // MARK: Marks

  private mutating func activation(_ value: ValueID?, _ graph: Graph) {
    guard let value, isQuantizable(value, graph) else { return }
    plan.mark(value, .activation)
  }

  private mutating func sharing(_ value: ValueID?, with provider: ValueID, _ graph: Graph) {
    guard let value, isQuantizable(value, graph) else { return }
    plan.remark(value, .sharing(provider))
  }

  private mutating func weight(_ value: ValueID, channelAxis: Int, _ graph: Graph) -> String {
    guard let axis = perChannelAxis(value, channelAxis, graph) else {
      if isQuantizable(value, graph) { plan.mark(value, .weight(axis: nil)) }
      return options.isPerChannel ? "weight per tensor, for it has no axis \(channelAxis)" : "weight per tensor"
    }
    if isQuantizable(value, graph) { plan.remark(value, .weight(axis: axis)) }
    return "weight per channel of axis \(axis)"
  }

  /// Marks a bias; one with overrides is a weight like others.
  private mutating func mark(_ bias: QuantizationPlan.Bias, _ graph: Graph) -> String {
    guard options.overrides[graph[bias.bias].name] == nil else {
      plan.mark(bias.bias, .weight(axis: nil))
      return ", bias as a weight, for it has overrides"
    }
    plan.add(bias)
    return ", bias int32"
  }

  private func perChannelAxis(_ value: ValueID, _ axis: Int, _ graph: Graph) -> Int? {
    guard options.isPerChannel, let data = graph[value].constant else { return nil }
    let index = axis < 0 ? axis + data.rank : axis
    return index >= 0 && index < data.rank ? index : nil
  }

  private func isQuantizable(_ value: ValueID, _ graph: Graph) -> Bool {
    graph[value].constant.map { $0.dataType == .float32 } ?? (graph[value].type.dataType == .float32)
  }

  private func isConstant(_ value: ValueID, _ graph: Graph) -> Bool { graph[value].definition == .initializer }

  /// A float operand or result that carries mask sentinels.
  private func maskedValue(of node: Node, _ graph: Graph) -> String? {
    (Array(node.declaredOperands) + node.results).lazy.compactMap { $0 }.map { graph[$0].name }
      .first { ranges.masked.contains($0) }
  }

  // MARK: Operators

  private mutating func markProduct(_ id: NodeID, _ node: Node, _ graph: Graph) -> NodeOutcome {
    guard let input = node.operand(0), let factor = node.operand(1) else { return .skipped("no weight") }
    if options.style == .decant, !isConstant(factor, graph) {
      return .skipped("the weight is computed")
    }
    activation(input, graph)
    if style.quantizesProducts { activation(node.result(0), graph) }
    let axis =
      switch node.op {
      case "ConvTranspose": 1
      case "Gemm": node.attributes.int("transB", default: 0) != 0 ? 0 : 1
      default: 0
      }
    let text = weight(factor, channelAxis: axis, graph)
    if isOfCodes, node.op == "Conv", text.contains("per channel") { plan.signedWeights.insert(factor) }
    guard let bias = node.operand(2) else { return .quantized(text) }
    guard graph[bias].constant?.dataType == .float32 else {
      return .quantized(text + ", bias computed and left in float")
    }
    let beta = node.op == "Gemm" ? node.attributes.float("beta", default: 1) : 1
    return .quantized(
      text + mark(.init(node: id, operand: 2, bias: bias, input: input, weight: factor, beta: beta), graph))
  }

  private mutating func markMatrixProduct(_ node: Node, _ graph: Graph) -> NodeOutcome {
    let hasConstant = node.declaredOperands.contains { $0.map { isConstant($0, graph) } ?? false }
    guard hasConstant || style.quantizesComputedFactors || options.includesComputedFactors else {
      return .unconcerned("both operands are computed, and codes of attention cost more than they gain")
    }
    var texts: [String] = []
    for (index, operand) in node.declaredOperands.enumerated() {
      guard let operand else { continue }
      if isConstant(operand, graph), index == 1 || !isOfCodes {
        texts.append(weight(operand, channelAxis: options.channelAxes[node.op.type] ?? style.matrixChannelAxis, graph))
      } else {
        activation(operand, graph)
      }
    }
    if style.quantizesProducts { activation(node.result(0), graph) }
    return .quantized(texts.isEmpty ? "both operands as activations" : texts.joined(separator: ", "))
  }

  private mutating func markNormalization(_ id: NodeID, _ node: Node, _ graph: Graph) -> NodeOutcome {
    guard let input = node.operand(0), let scale = node.operand(1) else { return .skipped("no scale") }
    activation(input, graph)
    var text = "scale as activation"
    if isConstant(scale, graph) {
      text = weight(scale, channelAxis: options.channelAxes[node.op.type] ?? 1, graph)
    } else {
      activation(scale, graph)
    }
    if let bias = node.operand(2), graph[bias].constant?.dataType == .float32 {
      text += mark(.init(node: id, operand: 2, bias: bias, input: input, weight: scale, beta: 1), graph)
    }
    for result in node.results { activation(result, graph) }
    return .quantized(text)
  }

  private mutating func markArithmetic(_ node: Node, _ graph: Graph) -> NodeOutcome {
    let values = (Array(node.declaredOperands) + node.results).compactMap { $0 }
    guard values.contains(where: { isQuantizable($0, graph) }) else {
      return .unconcerned("its operands are no float32")
    }
    for value in values { activation(value, graph) }
    return .quantized("operands and results on their own scales")
  }

  private mutating func markPassThrough(_ node: Node, _ graph: Graph) -> NodeOutcome {
    guard let input = node.operand(0), plan.contains(input) else { return .unconcerned("its input is") }
    sharing(node.result(0), with: input, graph)
    return .quantized("scale of its input")
  }

  private mutating func markGather(_ id: NodeID, _ node: Node, _ graph: Graph) -> NodeOutcome {
    guard let table = node.operand(0) else { return .skipped("no table") }
    if options.style == .decant, let data = graph[table].constant, data.dataType == .float32 {
      guard data.elementCount >= CodedTable.leastElements else { return .unconcerned("a small table") }
      plan.tables.append(id)
      let hasColumns = CodedTable.hasColumns(node, data, options)
      return .quantized("table \(hasColumns ? "per column" : "per tensor"), gathered as codes")
    }
    if isConstant(table, graph), isQuantizable(table, graph) {
      activation(table, graph)
    } else if isOfCodes || !plan.contains(table) {
      return .unconcerned("its input is")
    }
    sharing(node.result(0), with: table, graph)
    return .quantized("table as codes")
  }

  private mutating func markSplit(_ node: Node, _ graph: Graph) -> NodeOutcome {
    guard let input = node.operand(0) else { return .skipped("no input") }
    if !plan.contains(input) { activation(input, graph) }
    for result in node.results { sharing(result, with: input, graph) }
    return .quantized("scale of its input")
  }

  private mutating func markPad(_ node: Node, _ graph: Graph) -> NodeOutcome {
    guard let input = node.operand(0) else { return .skipped("no input") }
    for operand in node.declaredOperands { activation(operand, graph) }
    let mode = node.attributes.string("mode") ?? "constant"
    let isZero = node.operand(2).map { graph[$0].constant?.floats == [0] } ?? true
    if mode != "constant" || isZero {
      sharing(node.result(0), with: input, graph)
      return .quantized("scale of its input")
    }
    activation(node.result(0), graph)
    return .quantized("result on its own scale")
  }

  private mutating func markSelect(_ node: Node, _ graph: Graph) -> NodeOutcome {
    guard let a = node.operand(1), let b = node.operand(2), plan.contains(a), plan.contains(b) else {
      return .unconcerned("a branch is")
    }
    activation(node.result(0), graph)
    return .quantized("result on its own scale")
  }

  // MARK: Operators on codes, as ONNX Runtime's quantizer places them

  /// Whether the placements are those of ONNX Runtime's operators on codes.
  private var isOfCodes: Bool { options.style == .onnxRuntime && options.form == .operators }

  private mutating func markOfCodes(
    _ id: NodeID, _ node: Node, _ placement: Placement, _ input: ValueID, _ rewriter: inout Rewriter
  ) -> NodeOutcome {
    switch placement {
    case .arithmeticOfCodes: return markArithmetic(node, rewriter.graph)
    case .padOfCodes:
      if node.attributes.string("mode") ?? "constant" == "constant", let filler = node.operand(2),
        rewriter.graph[filler].constant != nil
      {
        sharing(filler, with: input, rewriter.graph)
      }
      sharing(node.result(0), with: input, rewriter.graph)
      return .quantized("scale of its input")
    case .dropped:
      guard !options.isSymmetric, let result = node.result(0) else {
        return .unconcerned("codes without a lower limit at zero cannot replace it")
      }
      rewriter.replaceAllUses(of: result, with: input)
      rewriter.erase(id)
      report.removedActivations += 1
      return .quantized("removed: its input is codes")
    default: return .quantized("reads codes")
    }
  }

  private mutating func markShare(_ node: Node, _ graph: Graph) -> NodeOutcome {
    activation(node.operand(0), graph)
    let zeroPoint = options.activationType.isSignedInteger ? -128 : 0
    guard let result = node.result(0), isQuantizable(result, graph) else { return .skipped("no result") }
    plan.remark(result, .given(AffineParameters(scale: 1 / 256, zeroPoint: zeroPoint)))
    return .quantized("result on a scale of 1/256")
  }

  /// Given: `%r = Relu(%c)` behind a quantized `%c` that nothing else reads.
  /// Result: the producer of `%c` gives `%r`, whose codes cannot leave its range.
  private mutating func markRemovable(_ id: NodeID, _ node: Node, _ rewriter: inout Rewriter) -> NodeOutcome {
    guard let input = node.operand(0), let result = node.result(0), plan.contains(input) else {
      return .unconcerned("its input is")
    }
    guard !options.isSymmetric, !options.keepsActivations, isReplaceable(input, by: result, rewriter.graph) else {
      activation(input, rewriter.graph)
      activation(result, rewriter.graph)
      return .quantized("operands and results on their own scales")
    }
    remove(id, input, result, &rewriter)
    plan.unmark(input)
    activation(input, rewriter.graph)
    report.removedActivations += 1
    return .quantized("removed: the codes of its result cannot leave its range")
  }

  /// Whether the producer of `input` can give `result` directly.
  private func isReplaceable(_ input: ValueID, by result: ValueID, _ graph: Graph) -> Bool {
    graph[input].useCount == 1 && graph[input].producer != nil
      && ranges.byName[graph[result].name] != nil && ranges.byName[graph[input].name] != nil
  }

  private func remove(_ id: NodeID, _ input: ValueID, _ result: ValueID, _ rewriter: inout Rewriter) {
    let (name, type) = (rewriter.graph[result].name, rewriter.graph[result].type)
    rewriter.replaceAllUses(of: result, with: input)
    rewriter.erase(id)
    rewriter.rename(input, to: name)
    rewriter.setType(input, type)
  }
}
