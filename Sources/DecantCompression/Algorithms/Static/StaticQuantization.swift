public import DecantBytes
public import DecantIR

/// Static int8: activations and weights become codes, with QuantizeLinear and DequantizeLinear around every operator.
public enum StaticQuantization {
  /// Quantizes `graph`, whose types are inferred, with `ranges` for its activations.
  ///
  /// - Parameters:
  ///   - opset: the operator set that the model came with; it decides what ONNX Runtime's style touches.
  /// - Throws: `usage` for selectors that choose nothing and for types that do not fit; `malformed` for weights that are not
  ///   finite and, in ONNX Runtime's style, for activations without a range; `unsupported` for models that are quantized
  ///   already.
  public static func quantize(
    _ graph: inout Graph, ranges: CalibratedRanges, options: StaticQuantizationOptions, opset: Int
  ) throws(DecantError) -> QuantizationReport {
    let grids = try grids(options)
    try refuseQuantized(graph)
    let selection = try NodeSelection(include: options.include, exclude: options.exclude, in: graph)
    let chosen = selection.chosen
    let style = PlacementStyle.choose(options.style, for: graph)
    let ranges = options.style == .onnxRuntime ? adjust(ranges, graph, style, chosen) : ranges
    return try graph.edit { (rewriter) throws(DecantError) -> QuantizationReport in
      var builder = PlanBuilder(style: style, options: options, ranges: ranges, opset: opset, selection: selection)
      for node in rewriter.graph.order { builder.visit(node, &rewriter) }
      var emitter = QuantizationEmitter(
        plan: builder.plan, report: builder.report, ranges: ranges, grids: grids, options: options,
        chosen: chosen)
      do throws(OpError) {
        try emitter.emit(&rewriter)
      } catch {
        throw DecantError(error)
      }
      return emitter.report
    }
  }

  /// The values whose ranges quantization asks for: float operands and results of operators that it may touch.
  public static func valuesToCalibrate(
    _ graph: Graph, options: StaticQuantizationOptions
  ) throws(DecantError) -> [ValueID] {
    let chosen = try NodeSelection(include: options.include, exclude: options.exclude, in: graph).chosen
    let style = PlacementStyle.choose(options.style, for: graph)
    var values: [ValueID] = []
    var seen: Set<ValueID> = []
    for id in graph.order where chosen.contains(id) {
      let node = graph[id]
      guard node.op.domain.isEmpty, style.placements[node.op.type] != nil else { continue }
      for case let value? in Array(node.declaredOperands) + node.results
      where graph[value].type.dataType == .float32 && graph[value].definition != .initializer {
        if seen.insert(value).inserted { values.append(value) }
      }
    }
    return values
  }

  private static func grids(_ options: StaticQuantizationOptions) throws(DecantError) -> Grids {
    guard let activations = IntegerGrid(options.activationType), let weights = IntegerGrid(options.weightType),
      activations.type.bitWidth >= 8
    else {
      throw DecantError(
        .usage,
        "expected integer codes of 8 or 16 bits for activations and of 4, 8 or 16 for weights, "
          + "got \(options.activationType) and \(options.weightType)")
    }
    return Grids(activations: activations, weights: weights)
  }

  static func refuseQuantized(_ graph: Graph) throws(DecantError) {
    let quantized = graph.order.first { graph[$0].op.type == "QuantizeLinear" || graph[$0].op.type == "QLinearConv" }
    guard let quantized else { return }
    throw DecantError(
      .unsupported, "the model is quantized already: '\(graph[quantized].name)' is a \(graph[quantized].op)",
      note: "quantize the float model that it was made from")
  }

  /// ONNX Runtime's changes to ranges: what feeds a Relu or Clip alone takes that one's range, and a Softmax ends at 0 and 1.
  private static func adjust(
    _ ranges: CalibratedRanges, _ graph: Graph, _ style: PlacementStyle, _ chosen: Set<NodeID>
  ) -> CalibratedRanges {
    var ranges = ranges
    for id in graph.order where chosen.contains(id) {
      let node = graph[id]
      guard let input = node.operand(0), let result = node.result(0) else { continue }
      let (inputName, resultName) = (graph[input].name, graph[result].name)
      switch node.op {
      case "Clip", "Relu":
        guard graph.consumers(of: input).count == 1, ranges.byName[inputName] != nil,
          let range = ranges.byName[resultName]
        else { continue }
        ranges.byName[inputName] = range
      case "Softmax":
        ranges.byName[resultName] = TensorRange(0, 1)
      default: continue
      }
    }
    return ranges
  }
}

/// The integer types of a quantization.
struct Grids {
  let activations: IntegerGrid
  let weights: IntegerGrid
}
