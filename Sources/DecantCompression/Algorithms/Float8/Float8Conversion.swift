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
    let selection = try NodeSelection(include: options.include, exclude: options.exclude, in: graph)
    var conversion = Conversion(options: options, selection: selection)
    try conversion.convert(&graph, holder: nil)
    var report = conversion.report
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

  /// One conversion, over all graphs.
  private struct Conversion {
    let options: Float8Options
    let selection: NodeSelection
    var report = QuantizationReport()

    /// Converts a graph: the main one, or one that a node holds, which is chosen or left out for a reason.
    mutating func convert(_ graph: inout Graph, holder: Holder?) throws(DecantError) {
      try graph.edit { (rewriter) throws(DecantError) in
        var emitter = Float8Emitter(options, usesRanges: holder == nil)
        for node in rewriter.graph.order {
          let reason =
            holder.map { selection.reason(nested: node, in: rewriter.graph, holder: $0.reason) }
            ?? selection.reason(node)
          try convertSubgraphs(of: node, Holder(reason: reason), &rewriter)
          let (label, op) = (rewriter.graph.label(of: node), rewriter.graph[node].op)
          var outcome = reason.map { NodeOutcome.excluded($0) }
          if outcome == nil {
            do throws(OpError) {
              outcome = try emitter.convert(node, &rewriter)
            } catch {
              throw DecantError(error)
            }
          }
          guard let outcome else { continue }
          report.decisions.append(.init(node: label, op: op, outcome, rule: options.type.rawValue))
        }
        emitter.finish(&rewriter)
        report.weights += emitter.weights
        report.activations += emitter.activations
      }
    }

    private mutating func convertSubgraphs(
      of node: NodeID, _ holder: Holder, _ rewriter: inout Rewriter
    ) throws(DecantError) {
      guard rewriter.graph[node].attributes.holdGraphs else { return }
      for (name, attribute) in rewriter.graph[node].attributes {
        switch attribute {
        case .graph(var inner):
          try convert(&inner, holder: holder)
          rewriter.setAttribute(node, name, .graph(inner))
        case .graphs(var inners):
          for index in inners.indices { try convert(&inners[index], holder: holder) }
          rewriter.setAttribute(node, name, .graphs(inners))
        default: continue
        }
      }
    }
  }

  /// A node with subgraphs, and why it is left out; nil when it is chosen.
  private struct Holder {
    let reason: String?
  }
}
