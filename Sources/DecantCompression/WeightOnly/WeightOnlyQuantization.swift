public import DecantBytes
internal import DecantForms
public import DecantIR
public import DecantRuntime

/// Weights alone become codes; activations stay in float.
public enum WeightOnlyQuantization {
  /// The activations whose products `scheme` asks for: what goes into each product that it may touch.
  ///
  /// - Throws: `usage` for selectors that choose nothing.
  public static func valuesToCollect(_ graph: Graph, _ scheme: WeightScheme) throws(DecantError) -> [ValueID] {
    guard scheme.needsSamples else { return [] }
    let chosen = try NodeSelection(include: scheme.include, exclude: scheme.exclude, in: graph).chosen
    return WeightSite.inputs(of: chosen, in: graph)
  }

  /// Runs samples through a graph of which earlier weights are in codes already, and tells how the parts of `input` go together.
  public typealias Observation = @Sendable (_ input: ValueID, _ graph: Graph) throws(DecantError) -> InputProducts?

  /// Quantizes `graph`, whose types are inferred.
  ///
  /// - Parameters:
  ///   - products: what was collected of the values that ``valuesToCollect(_:_:)`` names.
  ///   - observe: how to look at inputs anew when their weights' turn comes; without it what was collected counts.
  /// - Throws: `usage` for selectors that choose nothing; `malformed` for weights that are not finite, naming the element.
  public static func quantize(
    _ graph: inout Graph, _ scheme: WeightScheme, products: [ValueID: InputProducts] = [:],
    observe: Observation? = nil, threads: Int = Parallel.processors, reporter: any Reporter = SilentReporter()
  ) throws(DecantError) -> QuantizationReport {
    try FormCensus(graph).refuseQuantized()
    let selection = try NodeSelection(include: scheme.include, exclude: scheme.exclude, in: graph)
    return try quantize(
      &graph, scheme, selection, products: products, observe: observe, threads: threads, reporter: reporter)
  }

  private static func quantize(
    _ graph: inout Graph, _ scheme: WeightScheme, _ selection: NodeSelection, products: [ValueID: InputProducts],
    observe: Observation?, threads: Int, reporter: any Reporter
  ) throws(DecantError) -> QuantizationReport {
    var inside = QuantizationReport()
    if !scheme.isByNode {
      let outer = graph
      let plain = scheme.needsSamples ? scheme.byRounding : scheme
      try graph.editSubgraphsWithWeights { (holder, inner) throws(DecantError) in
        // Samples are watched in the main graph only.
        let report = try quantize(
          &inner, plain, selection.nested(inner, holder: selection.reason(holder)), products: [:], observe: nil,
          threads: threads, reporter: SilentReporter())
        inside.add(report, in: holder, of: outer)
      }
    }
    var report = try graph.edit { (rewriter) throws(DecantError) -> QuantizationReport in
      var emitter = scheme.makeEmitter(threads)
      var report = QuantizationReport()
      let step = "quantize weights"
      let order = rewriter.graph.order
      reporter.report(.started(step))
      var products = products
      var observed: ValueID?
      do throws(OpError) {
        let sites = order.filter { selection.reason($0) == nil }
          .compactMap { try? WeightSite.find($0, in: rewriter.graph).get() }
          .filter { emitter.unfit($0, rewriter.graph) == nil }
        report.steps = try emitter.prepare(sites, &products, &rewriter)
      } catch {
        throw DecantError(error)
      }
      for (index, id) in order.enumerated() {
        let (name, op) = (rewriter.graph.label(of: id), rewriter.graph[id].op)
        let excluded = selection.reason(id).map { NodeOutcome.excluded($0) }
        let outcome: NodeOutcome
        switch WeightSite.find(id, in: rewriter.graph) {
        case .failure(let absence):
          outcome = absence.isLoss ? excluded ?? .skipped(absence.reason) : .unconcerned(absence.reason)
        case .success(let site):
          if let reason = excluded ?? emitter.unfit(site, rewriter.graph) {
            outcome = reason
            break
          }
          let input = rewriter.graph[id].operand(0)
          if let observe, let input, case .product = site.use, input != observed {
            products[input] = try observe(input, rewriter.graph)
            observed = input
          }
          do throws(OpError) {
            outcome = .quantized(try emitter.emit(site, input.flatMap { products[$0] }, &rewriter))
          } catch {
            let weight = rewriter.graph[site.weight].name
            throw DecantError(error, at: ["node '\(name)' (\(op))", "weight '\(weight)'"])
          }
        }
        report.decisions.append(.init(node: name, op: op, outcome, rule: emitter.rule))
        reporter.report(.progress(step, done: index + 1, total: order.count, unit: "nodes"))
      }
      reporter.report(.finished(step, summary: "\(emitter.weightCount) weights"))
      report.weights = emitter.weightCount
      if observe != nil { report.notes.append("each weight learned from what the codes of those before it give") }
      return report
    }
    report.append(inside)
    return report
  }
}
