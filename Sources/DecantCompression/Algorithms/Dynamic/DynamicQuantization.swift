public import DecantBytes
public import DecantIR

/// Dynamic int8: weights become codes, and activations become codes as the model runs, on the range of each tensor.
///
/// Needs no samples. Products run as MatMulInteger on what DynamicQuantizeLinear gives; tables are gathered as codes.
public enum DynamicQuantization {
  /// Quantizes `graph`, whose types are inferred.
  ///
  /// - Throws: `usage` for selectors that choose nothing and types that do not fit, `malformed` for weights that are not
  ///   finite, `unsupported` for models that are quantized already.
  public static func quantize(
    _ graph: inout Graph, options: DynamicQuantizationOptions
  ) throws(DecantError) -> QuantizationReport {
    guard let weights = IntegerGrid(options.weightType), weights.type.bitWidth == 8 else {
      throw DecantError(
        .usage, "dynamic quantization expected int8 or uint8 weights, got \(options.weightType)",
        note: "4-bit weights are for the weight-only schemes")
    }
    try FormCensus(graph).refuseQuantized()
    let selection = try NodeSelection(include: options.include, exclude: options.exclude, in: graph)
    var chosen = selection.chosen
    // Integer convolutions are slow: they are for those who ask for them.
    if options.include.isEmpty, options.style == .decant { chosen = chosen.filter { graph[$0].op != "Conv" } }
    return try graph.edit { (rewriter) throws(DecantError) -> QuantizationReport in
      do throws(OpError) {
        try GemmSplitter(style: options.style).split(&chosen, &rewriter)
        let smoothed =
          options.smooths && options.style == .decant ? NormalizationSmoothing.smooth(chosen, &rewriter) : 0
        var quantizer = DynamicQuantizer(options: options, weights: weights, chosen: chosen, selection: selection)
        if smoothed > 0 {
          quantizer.report.notes.append(
            "the columns of \(smoothed) normalizations are evened out before products, and their weights made up for it"
          )
        }
        for node in rewriter.graph.order { try quantizer.visit(node, &rewriter) }
        return quantizer.finish(&rewriter)
      } catch {
        throw DecantError(error)
      }
    }
  }
}
