public import DecantBytes
public import DecantIR

/// Converts a model to half floats: a type for every value of all graphs, casts at the borders only.
///
/// Nodes whose operator does not take the type at the model's opset stay float32, and so do those that the user keeps, whose
/// constants or calibrated values the type cannot hold, or that sum and power without calibration. Between those the types
/// are a minimum cut (see `HalfSolver`), so that no cast is superfluous.
public enum HalfConversion {
  /// Converts `graph`, whose types are inferred and whose calls of functions are expanded.
  ///
  /// - Throws: `usage` for selectors that choose nothing, `unsupported` for constants whose data is absent,
  ///   `malformed` for weights that are not finite.
  public static func convert(
    _ graph: inout Graph, _ options: HalfConversionOptions
  ) throws(DecantError) -> QuantizationReport {
    try graph.refuseWeightsNotFinite()
    HalfConversion.nameTypesOfCasts(&graph)
    var network = HalfNetworkBuilder.build(graph, options)
    let flows = HalfFlows(network, options.type)
    let kept = try choose(&network, flows, options)
    let isHalf = HalfSolver.solve(network, masks: flows.masks)
    var emitter = HalfEmitter(network, isHalf: isHalf, flows: flows, type: options.type)
    let report = report(network, isHalf, kept, options)
    graph = Graph()
    graph = try emitter.emit()
    return finish(report, emitter.account, options)
  }

  /// The values that a calibration should watch: all float32 ones of the main graph that are computed.
  public static func valuesToCalibrate(_ graph: Graph) -> [ValueID] {
    graph.allValues.filter { graph[$0].type.dataType == .float32 && graph[$0].definition != .initializer }
  }

  /// Decides what must stay float32, and what the rest is worth; what the user keeps, and why.
  private static func choose(
    _ network: inout HalfNetwork, _ flows: HalfFlows, _ options: HalfConversionOptions
  ) throws(DecantError) -> [NodePlace: String] {
    var rules = try HalfRules(network, flows, options)
    for index in network.units.indices where network.units[index].isHalf == nil {
      guard case .node(let place) = network.units[index].role else { continue }
      if let reason = rules.reasonToStay(place) {
        network.units[index].isHalf = false
        network.units[index].reason = reason
      } else {
        network.units[index].gain = rules.gain(place)
      }
    }
    return rules.kept
  }

  /// `CastLike` to float32 becomes `Cast`: what it is like may become half.
  private static func nameTypesOfCasts(_ graph: inout Graph) {
    graph.edit { rewriter in
      for node in rewriter.graph.order {
        for (name, attribute) in rewriter.graph[node].attributes {
          switch attribute {
          case .graph(var inner):
            nameTypesOfCasts(&inner)
            rewriter.setAttribute(node, name, .graph(inner))
          case .graphs(var inners):
            for index in inners.indices { nameTypesOfCasts(&inners[index]) }
            rewriter.setAttribute(node, name, .graphs(inners))
          default: continue
          }
        }
        guard rewriter.graph[node].op == "CastLike", let operand = rewriter.graph[node].operand(0),
          let result = rewriter.graph[node].result(0), rewriter.graph[result].type.dataType == .float32
        else { continue }
        rewriter.setOp(node, "Cast")
        rewriter.setOperands(node, [operand])
        rewriter.setAttribute(node, "to", .int(Int64(DataType.float32.rawValue)))
      }
    }
  }

  // MARK: The report

  private static func report(
    _ network: HalfNetwork, _ isHalf: [Bool], _ kept: [NodePlace: String], _ options: HalfConversionOptions
  ) -> QuantizationReport {
    var report = QuantizationReport()
    for (index, entry) in network.entries.enumerated() {
      for id in entry.graph.order {
        let (place, op) = (NodePlace(graph: index, node: id), entry.graph[id].op)
        let (status, rule, outcome): (QuantizationReport.Status, String, String)
        if let unit = network.unitOfNode[place] {
          let reason = network.units[unit].reason
          if isHalf[unit] {
            (status, rule, outcome) = (.quantized, "minimum cut", "\(options.type.dataType)")
          } else if reason.isEmpty {
            (status, rule) = (.unconcerned, "minimum cut")
            outcome = "float32: its neighbours are, and casts would cost more than it gains"
          } else {
            (status, rule) = kept[place] == nil ? (.skipped, "types") : (.excluded, "selectors")
            outcome = "float32: \(reason)"
          }
        } else {
          (status, rule) = (.unconcerned, "types")
          outcome = HalfOperators.controlFlow.contains(op) ? "as its subgraphs" : "computes no float32 of its own"
        }
        report.decisions.append(
          .init(node: entry.graph.label(of: id), op: op, status: status, rule: rule, outcome: outcome))
      }
    }
    return report
  }

  private static func finish(
    _ report: QuantizationReport, _ account: HalfAccount, _ options: HalfConversionOptions
  ) -> QuantizationReport {
    var report = report
    report.weights = account.constants
    report.losses = account.losses(options.type)
    report.notes = account.notes(options.type)
    if options.statistics == nil {
      report.notes.append(
        options.type == .float16
          ? "without calibration (--data) sums, powers and exponentials stay float32 whatever their values"
          : "sums and powers stay float32, for they lose digits in bf16")
    }
    let late = report.decisions.count { $0.outcome.contains("from opset") }
    if late > 0 {
      report.notes.append("\(late) nodes stay float32 for the model's opset \(options.opset); '--opset' raises it")
    }
    return report
  }
}
