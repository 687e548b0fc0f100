public import DecantBytes
internal import DecantForms
public import DecantIR

/// Dynamic int8: weights become codes, and activations become codes as the model runs, on the range of each tensor.
///
/// Needs no samples; with them, columns of activations that reach far are evened out or multiplied in float. Products run as MatMulInteger on what DynamicQuantizeLinear gives; tables are gathered as codes.
public enum DynamicQuantization {
  /// The values whose channels samples are asked for, and the axis of the channels.
  ///
  /// - Throws: `usage` for selectors that choose nothing.
  public static func channelsToCalibrate(
    _ graph: Graph, options: DynamicQuantizationOptions
  ) throws(DecantError) -> [ValueID: Int] {
    let chosen = try NodeSelection(include: options.include, exclude: options.exclude, in: graph).chosen
    return LayerStatistics.channels(of: chosen, ["MatMul", "Gemm"], in: graph)
  }

  /// Quantizes `graph`, whose types are inferred.
  ///
  /// - Parameter learned: what samples say of activations; nothing by default.
  /// - Throws: `usage` for selectors that choose nothing and types that do not fit, `malformed` for weights that are not
  ///   finite, `unsupported` for models that are quantized already.
  public static func quantize(
    _ graph: inout Graph, learned: LayerStatistics = LayerStatistics(), options: DynamicQuantizationOptions
  ) throws(DecantError) -> QuantizationReport {
    guard let weights = IntegerGrid(options.weightType), weights.type.bitWidth == 8 else {
      throw DecantError(
        .usage, "dynamic quantization expected int8 or uint8 weights, got \(options.weightType)",
        note: "4-bit weights are for the weight-only schemes")
    }
    try FormCensus(graph).refuseQuantized()
    let selection = try NodeSelection(include: options.include, exclude: options.exclude, in: graph)
    return try quantize(&graph, learned, options, weights, selection)
  }

  private static func quantize(
    _ graph: inout Graph, _ learned: LayerStatistics, _ options: DynamicQuantizationOptions, _ weights: IntegerGrid,
    _ selection: NodeSelection
  ) throws(DecantError) -> QuantizationReport {
    var inside = QuantizationReport()
    // ONNX Runtime leaves subgraphs alone unless it is told otherwise.
    if options.style == .decant {
      let outer = graph
      try graph.editSubgraphsWithWeights { (holder, inner) throws(DecantError) in
        let report = try quantize(
          &inner, LayerStatistics(), options, weights, selection.nested(inner, holder: selection.reason(holder)))
        inside.add(report, in: holder, of: outer)
      }
    }
    var chosen = selection.chosen
    if options.include.isEmpty, options.style == .decant {
      chosen = chosen.filter { DynamicQuantizer.onDemand[graph[$0].op] == nil }
    }
    var report = try graph.edit { (rewriter) throws(DecantError) -> QuantizationReport in
      do throws(OpError) {
        try GemmSplitter(style: options.style).split(&chosen, &rewriter)
        var (steps, made) = ([QuantizationReport.Step](), Set<NodeID>())
        let learns = !learned.channels.isEmpty
        if learns, options.style == .decant {
          var (ranges, channels) = (CalibratedRanges(), learned.channels)
          let smoothing = ActivationSmoothing(
            options: .init(
              smoothing: options.smoothing, outliers: options.outliers ?? 0, isPerChannel: options.isPerChannel),
            grids: Grids(activations: .bytes, weights: weights), learned: learned)
          steps = try smoothing.smooth(chosen, &ranges, &channels, &made, &rewriter)
        }
        let smoothed =
          !learns && options.smoothing != .off && options.style == .decant
          ? NormalizationSmoothing.smooth(chosen, &rewriter) : 0
        var quantizer = DynamicQuantizer(options: options, weights: weights, chosen: chosen, selection: selection)
        if smoothed > 0 {
          quantizer.report.notes.append(
            "the columns of \(smoothed) normalizations are evened out before products, and their weights made up for it"
          )
        }
        quantizer.report.steps = steps
        for node in rewriter.graph.order { try quantizer.visit(node, isMade: made.contains(node), &rewriter) }
        return quantizer.finish(&rewriter)
      } catch {
        throw DecantError(error)
      }
    }
    report.append(inside)
    return report
  }
}
