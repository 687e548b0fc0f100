public import DecantBytes
public import DecantIR

/// Stores weights as 8-bit floats behind DequantizeLinear, in the main graph and in subgraphs; with ranges, activations of
/// products in the main graph go through such codes too.
///
///     Given:  %y = MatMul(%x, %w: f32[K,N])
///     Result: %d = DequantizeLinear(%w: f8e4m3fn[K,N], %s: f32[N]) {axis: 1}
///             %y = MatMul(%x, %d)
public enum Float8Conversion {
  /// Converts `graph`, whose types are inferred.
  ///
  /// - Throws: `usage` for selectors that choose nothing; `malformed` for weights that are not finite.
  public static func convert(
    _ graph: inout Graph, _ options: Float8Options
  ) throws(DecantError) -> QuantizationReport {
    let included =
      options.include.isEmpty ? Set(graph.order) : try NodeSelector.select(options.include, in: graph)
    let chosen = included.subtracting(try NodeSelector.select(options.exclude, in: graph))
    var report = QuantizationReport()
    try convert(&graph, chosen, options, &report, isMain: true)
    if report.weights > 0 { report.losses.append("\(report.weights) weights are \(options.type.dataType) now") }
    if report.activations > 0 {
      report.losses.append("\(report.activations) activations pass through \(options.type.dataType) now")
    }
    report.notes.append("the file is smaller, and not faster on a CPU: weights are multiplied out as the model runs")
    return report
  }

  /// The values whose ranges are asked for: what products of the main graph read beside weights.
  public static func valuesToCalibrate(_ graph: Graph) -> [ValueID] {
    var values: [ValueID] = []
    var seen: Set<ValueID> = []
    for id in graph.order {
      for value in Float8Emitter.activations(of: graph[id], graph) where seen.insert(value).inserted {
        values.append(value)
      }
    }
    return values
  }

  private static func convert(
    _ graph: inout Graph, _ chosen: Set<NodeID>?, _ options: Float8Options, _ report: inout QuantizationReport,
    isMain: Bool
  ) throws(DecantError) {
    try graph.edit { (rewriter) throws(DecantError) in
      var emitter = Float8Emitter(options, usesRanges: isMain)
      for node in rewriter.graph.order {
        try convertSubgraphs(of: node, options, &report, &rewriter)
        let subject = rewriter.graph[node]
        var outcome = "left in float: not selected"
        if chosen?.contains(node) ?? true {
          do throws(OpError) {
            outcome = try emitter.convert(node, &rewriter)
          } catch {
            throw DecantError(error)
          }
        }
        report.decisions.append(
          .init(
            node: subject.name, op: subject.op, outcome: outcome, isQuantized: !outcome.hasPrefix("left in float")))
      }
      emitter.finish(&rewriter)
      report.weights += emitter.weights
      report.activations += emitter.activations
    }
  }

  private static func convertSubgraphs(
    of node: NodeID, _ options: Float8Options, _ report: inout QuantizationReport, _ rewriter: inout Rewriter
  ) throws(DecantError) {
    guard rewriter.graph[node].attributes.holdGraphs else { return }
    for (name, attribute) in rewriter.graph[node].attributes {
      switch attribute {
      case .graph(var inner):
        try convert(&inner, nil, options, &report, isMain: false)
        rewriter.setAttribute(node, name, .graph(inner))
      case .graphs(var inners):
        for index in inners.indices { try convert(&inners[index], nil, options, &report, isMain: false) }
        rewriter.setAttribute(node, name, .graphs(inners))
      default: continue
      }
    }
  }
}
