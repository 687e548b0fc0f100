internal import DecantForms
internal import DecantIR

/// Walks the nodes in order and puts integer operators where they gain.
struct DynamicQuantizer {
  let options: DynamicQuantizationOptions
  let weights: IntegerGrid
  let activations: IntegerGrid
  /// The nodes that may be quantized; others are left alone.
  let chosen: Set<NodeID>
  private let selection: NodeSelection
  var coded = CodedValues()
  var constants = CodedConstants()
  var report = QuantizationReport()
  /// Weights of recurrent nodes, which have a layout of their own.
  var recurrentWeights = 0

  init(options: DynamicQuantizationOptions, weights: IntegerGrid, chosen: Set<NodeID>, selection: NodeSelection) {
    self.options = options
    self.weights = weights
    self.chosen = chosen
    self.selection = selection
    activations = IntegerGrid.bytes
  }

  /// Whether ONNX Runtime's choices are followed.
  var isCompatible: Bool { options.style == .onnxRuntime }

  /// - Parameter isMade: whether the node was put in beside the products, to stay in float.
  mutating func visit(_ id: NodeID, isMade: Bool = false, _ rewriter: inout Rewriter) throws(OpError) {
    guard !isMade else { return coded.readFloats(id, &rewriter) }
    let (label, op) = (rewriter.graph.label(of: id), rewriter.graph[id].op)
    let outcome = try decide(id, &rewriter)
    if !outcome.isQuantized { coded.readFloats(id, &rewriter) }
    report.decisions.append(.init(node: label, op: op, outcome, rule: "dynamic \(op.type)"))
  }

  mutating func finish(_ rewriter: inout Rewriter) -> QuantizationReport {
    coded.finish(&rewriter)
    report.weights = constants.count + recurrentWeights
    return report
  }

  private typealias Step = @Sendable (inout DynamicQuantizer, NodeID, inout Rewriter) throws(OpError) -> NodeOutcome

  /// What is quantized only for those who ask for it with `--include`, and why.
  static let onDemand: [OpName: String] = [
    "Conv": "integer convolution is slower",
    "LSTM": "inputs and states have one scale each at a step, which outliers spoil; '--include LSTM' quantizes it",
  ]

  /// What is done with each operator.
  private static let steps: [OpName: Step] = [
    "MatMul": { (me, id, rewriter) throws(OpError) in try me.product(id, &rewriter) },
    "Conv": { (me, id, rewriter) throws(OpError) in try me.convolution(id, &rewriter) },
    "Gather": { (me, id, rewriter) throws(OpError) in try me.gather(id, &rewriter) },
    "Transpose": { (me, id, rewriter) throws(OpError) in me.transpose(id, &rewriter) },
    "LSTM": { (me, id, rewriter) throws(OpError) in try me.recurrence(id, &rewriter) },
    .microsoft("Attention"): { (me, id, rewriter) throws(OpError) in
      try me.attention(id, &rewriter)
    },
    .microsoft("EmbedLayerNormalization"): { (me, id, rewriter) throws(OpError) in
      try me.embedding(id, &rewriter)
    },
  ]

  private mutating func decide(_ id: NodeID, _ rewriter: inout Rewriter) throws(OpError) -> NodeOutcome {
    let node = rewriter.graph[id]
    guard let quantize = DynamicQuantizer.steps[node.op] else {
      let holdsWeights = node.subgraphs.contains { $0.graph.holdsWeightedProducts }
      if holdsWeights {
        return isCompatible
          ? .skipped("its subgraphs are not quantized") : .unconcerned("its subgraphs are quantized node by node")
      }
      let reason = "dynamic quantization is for products and tables"
      return rewriter.graph.isWeightedProduct(id) ? .skipped(reason) : .unconcerned(reason)
    }
    guard chosen.contains(id) else {
      if let reason = DynamicQuantizer.onDemand[node.op], selection.reason(id) == nil { return .unconcerned(reason) }
      return .excluded(selection.reason(id) ?? "its source is")
    }
    return try quantize(&self, id, &rewriter)
  }

  // MARK: Operands

  /// The codes of an activation: those that it has, or DynamicQuantizeLinear of it.
  mutating func activation(
    _ value: ValueID, before id: NodeID, _ rewriter: inout Rewriter
  ) throws(OpError) -> CodedValues.Coded {
    if let known = coded[value], known.axis == nil { return known }
    if rewriter.graph[value].constant != nil {
      let form = CodedConstants.Form(grid: activations, symmetric: false)
      return try constant(value, form, &rewriter)
    }
    let source = coded.float(value, at: .before(id), &rewriter) ?? value
    let (name, type) = (rewriter.graph[source].name, rewriter.graph[source].type)
    let node = rewriter.addNode(
      "DynamicQuantizeLinear", [source], name: name + "_QuantizeLinear",
      resultNames: [name + "_quantized", name + "_scale", name + "_zero_point"],
      resultTypes: [.tensor(.uint8, type.shape), .tensor(.float32, []), .tensor(.uint8, [])], at: .before(id))
    let results = rewriter.graph[node].results.compactMap { $0 }
    guard results.count == 3 else { throw OpError("DynamicQuantizeLinear has three results") }
    let made = CodedValues.Coded(codes: results[0], scale: results[1], zeroPoint: results[2], keepsFloat: true)
    coded.set(source, made, rewriter.graph)
    report.activations += 1
    return made
  }

  /// The codes of a weight with channels along `axis`, negative from the end, where weights have channels.
  mutating func weight(
    _ value: ValueID, axis: Int?, _ rewriter: inout Rewriter
  ) throws(OpError) -> CodedValues.Coded {
    let rank = rewriter.graph[value].constant?.rank ?? 0
    let channels = options.isPerChannel ? axis.map { $0 < 0 ? $0 + rank : $0 } : nil
    let form = CodedConstants.Form(
      grid: weights, symmetric: weights.isSigned || (!isCompatible && channels != nil),
      axis: channels, isReduced: options.isReduced)
    return try constant(value, form, &rewriter)
  }

  /// The codes of a constant. In ONNX Runtime's style a constant has the codes that it was given first.
  mutating func constant(
    _ value: ValueID, _ form: CodedConstants.Form, _ rewriter: inout Rewriter
  ) throws(OpError) -> CodedValues.Coded {
    if isCompatible, let known = coded[value] { return known }
    let entry = try constants.codes(of: value, form, &rewriter)
    let made = CodedValues.Coded(
      codes: entry.codes, scale: entry.scale, zeroPoint: entry.zeroPoint, axis: entry.axis, keepsFloat: !isCompatible)
    if isCompatible { coded.set(value, made, rewriter.graph) }
    return made
  }

  func isFloat(_ value: ValueID, _ graph: Graph) -> Bool {
    (graph[value].constant?.dataType ?? graph[value].type.dataType) == .float32
  }
}

extension IntegerGrid {
  /// uint8, what DynamicQuantizeLinear gives.
  static let bytes = IntegerGrid(type: .uint8, codes: 0...255)
}
