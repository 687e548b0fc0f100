public import DecantBytes
internal import DecantForms
public import DecantIR

/// Static int8: activations and weights become codes, with QuantizeLinear and DequantizeLinear around every operator, or with
/// operators on codes.
public enum StaticQuantization {
  /// Quantizes `graph`, whose types are inferred, with `ranges` for its activations.
  ///
  /// - Parameters:
  ///   - learned: what the steps beside ranges need; without it they are left out, in ONNX Runtime's style in any case.
  ///   - opset: the operator set that the model came with; it decides what ONNX Runtime's style touches.
  /// - Throws: `usage` for selectors that choose nothing and for types that do not fit; `malformed` for weights that are not
  ///   finite and, in ONNX Runtime's style, for activations without a range; `unsupported` for models that are quantized
  ///   already.
  public static func quantize(
    _ graph: inout Graph, ranges: CalibratedRanges, learned: LayerStatistics = LayerStatistics(),
    options: StaticQuantizationOptions, opset: Int
  ) throws(DecantError) -> QuantizationReport {
    let grids = try grids(options)
    try FormCensus(graph).refuseQuantized()
    try options.checkOverrides(graph)
    let selection = try NodeSelection(include: options.include, exclude: options.exclude, in: graph)
    let chosen = selection.chosen
    let style = PlacementStyle.choose(options, for: graph)
    var ranges = options.style == .onnxRuntime ? adjust(ranges, graph, style, chosen) : ranges
    if options.style == .decant { ClippedValues(graph, chosen, style).complete(&ranges, graph) }
    var channels = options.style == .decant ? learned.channels : [:]
    var report = try graph.edit { (rewriter) throws(DecantError) -> QuantizationReport in
      do throws(OpError) {
        var steps: [QuantizationReport.Step] = []
        var made: Set<NodeID> = []
        if !style.quantizesProducts, !channels.isEmpty {
          let smoothing = ActivationSmoothing(
            options: .init(
              smoothing: options.smoothing, outliers: options.outliers, isPerChannel: options.isPerChannel,
              isSymmetric: options.isSymmetric, correctsBiases: options.correctsBiases), grids: grids, learned: learned)
          steps = try smoothing.smooth(chosen, &ranges, &channels, &made, &rewriter)
        }
        let leading = options.style == .decant ? style.leading(rewriter.graph) : nil
        // Who names nodes gets them.
        let isFree = options.style == .decant && options.include.isEmpty
        var builder = PlanBuilder(
          style: style, options: options, ranges: ranges, opset: opset, selection: selection, leading: leading,
          slow: isFree ? SlowNodes.find(rewriter.graph, options.target, style) : [:])
        for node in rewriter.graph.order where !made.contains(node) { builder.visit(node, &rewriter) }
        builder.report.steps = steps
        var emitter = QuantizationEmitter(
          plan: builder.plan, report: builder.report, ranges: ranges, grids: grids, options: options,
          chosen: chosen)
        try emitter.emit(&rewriter, means: channels.mapValues(\.means))
        return emitter.report
      } catch {
        throw DecantError(error)
      }
    }
    guard options.form == .operators else { return report }
    let conversion = FormConversion.convert(&graph, to: .operators)
    report.add(conversion)
    return report
  }

  /// The calibration method that suits `graph` when nothing else is asked for.
  public static func suggestedMethod(_ graph: Graph, options: StaticQuantizationOptions) -> CalibrationMethod {
    options.style == .decant && PlacementStyle.choose(options, for: graph).quantizesProducts
      ? .meanSquaredError : .minMax
  }

  /// The values whose ranges quantization asks for: float operands and results of operators that it may touch.
  ///
  /// - Parameter forFile: whether all of them are named, those too that take the range of another; ONNX Runtime's style always
  ///   names all.
  public static func valuesToCalibrate(
    _ graph: Graph, options: StaticQuantizationOptions, forFile: Bool = false
  ) throws(DecantError) -> [ValueID] {
    let chosen = try NodeSelection(include: options.include, exclude: options.exclude, in: graph).chosen
    // ONNX Runtime calibrates what either form may quantize.
    var options = options
    options.form = .pairs
    let style = PlacementStyle.choose(options, for: graph)
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
    guard options.style == .decant, !forFile else { return values }
    let clipped = ClippedValues(graph, chosen, style).results
    return values.filter { clipped[$0] == nil }
  }

  /// The values whose channels the steps beside ranges ask for, and the axis of the channels.
  public static func channelsToCalibrate(
    _ graph: Graph, options: StaticQuantizationOptions
  ) throws(DecantError) -> [ValueID: Int] {
    guard options.style == .decant, options.correctsBiases || options.smoothing != .off else { return [:] }
    let chosen = try NodeSelection(include: options.include, exclude: options.exclude, in: graph).chosen
    return LayerStatistics.channels(of: chosen, ["MatMul", "Gemm", "Conv"], in: graph)
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
    guard options.form == .pairs || options.form == .operators else {
      throw DecantError(.usage, "static int8 has the forms qdq and qoperator, not \(options.form.rawValue)")
    }
    guard options.form == .pairs || (activations.type.bitWidth == 8 && weights.type.bitWidth == 8) else {
      throw DecantError(
        .usage, "operators on codes take 8 bits, got \(options.activationType) and \(options.weightType)",
        note: "the form qdq takes others")
    }
    return Grids(activations: activations, weights: weights)
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

extension QuantizationReport {
  /// Says of every node that has no operator on codes why it stays between pairs.
  fileprivate mutating func add(_ conversion: FormReport) {
    let reasons = Dictionary(conversion.left.map { ($0.node, $0.outcome) }, uniquingKeysWith: { first, _ in first })
    decisions = decisions.map { decision in
      guard decision.isQuantized, let reason = reasons[decision.node] else { return decision }
      return Decision(
        node: decision.node, op: decision.op, status: .quantized, rule: decision.rule,
        outcome: "\(decision.outcome); \(reason)")
    }
    notes.append("\(conversion.converted) operators work on codes now")
  }
}

/// The integer types of a quantization.
struct Grids {
  let activations: IntegerGrid
  let weights: IntegerGrid
}
