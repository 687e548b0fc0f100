public import DecantBytes
public import DecantIR
public import DecantRuntime

/// Weights alone become codes of few bits in blocks; activations stay in float.
public enum WeightOnlyQuantization {
  /// The activations whose products the algorithm of `options` asks for: what goes into each product that it may touch.
  ///
  /// - Throws: `usage` for selectors that choose nothing.
  public static func valuesToCollect(_ graph: Graph, _ options: WeightOnlyOptions) throws(DecantError) -> [ValueID] {
    guard case .products = options.algorithm.needs else { return [] }
    let chosen = try NodeSelection(include: options.include, exclude: options.exclude, in: graph).chosen
    return WeightSite.inputs(of: chosen, in: graph)
  }

  /// Quantizes `graph`, whose types are inferred.
  ///
  /// - Parameters:
  ///   - products: what was collected of the values that ``valuesToCollect(_:_:)`` names.
  ///   - formats: the format of each node, when they differ; nodes without one stay in float.
  /// - Throws: `usage` for selectors that choose nothing; `malformed` for weights that are not finite, naming the element.
  public static func quantize(
    _ graph: inout Graph, _ options: WeightOnlyOptions, products: [ValueID: InputProducts] = [:],
    formats: [NodeID: BlockFormat]? = nil, threads: Int = Parallel.processors,
    reporter: any Reporter = SilentReporter()
  ) throws(DecantError) -> QuantizationReport {
    try FormCensus(graph).refuseQuantized()
    let selection = try NodeSelection(include: options.include, exclude: options.exclude, in: graph)
    return try graph.edit { (rewriter) throws(DecantError) -> QuantizationReport in
      var emitter = BlockEmitter(options: options)
      var report = QuantizationReport()
      let step = "quantize weights"
      let order = rewriter.graph.order
      reporter.report(.started(step))
      for (index, id) in order.enumerated() {
        let (name, op) = (rewriter.graph.label(of: id), rewriter.graph[id].op)
        func decide(_ outcome: NodeOutcome) {
          report.decisions.append(.init(node: name, op: op, outcome, rule: options.algorithm.name))
        }
        switch WeightSite.find(id, in: rewriter.graph) {
        case .failure(let absence):
          let reason = selection.reason(id).map { NodeOutcome.excluded($0) }
          decide(absence.isLoss ? reason ?? .skipped(absence.reason) : .unconcerned(absence.reason))
        case .success(let site):
          let format = formats.map { $0[id] } ?? options.format
          let outcome = selection.reason(id).map { NodeOutcome.excluded($0) }
          guard outcome == nil, let format else {
            decide(outcome ?? .excluded("no format was chosen for it"))
            continue
          }
          if let outcome = unfit(site, rewriter.graph, options, format) {
            decide(outcome)
            continue
          }
          do throws(OpError) {
            let input = rewriter.graph[id].operand(0)
            let text = try emitter.emit(site, format, input.flatMap { products[$0] }, threads: threads, &rewriter)
            decide(.quantized(text))
          } catch {
            let weight = rewriter.graph[site.weight].name
            throw DecantError(error, at: ["node '\(name)' (\(op))", "weight '\(weight)'"])
          }
        }
        reporter.report(.progress(step, done: index + 1, total: order.count, unit: "nodes"))
      }
      reporter.report(.finished(step, summary: "\(emitter.weightCount) weights"))
      report.weights = emitter.weightCount
      return report
    }
  }

  /// Why the file form cannot hold a site's weight in codes; nil when it can.
  static func unfit(
    _ site: WeightSite, _ graph: Graph, _ options: WeightOnlyOptions, _ format: BlockFormat
  ) -> NodeOutcome? {
    guard let data = graph[site.weight].constant else { return .skipped("its weight is computed") }
    let node = graph[site.node]
    switch site.use {
    case .table:
      guard options.quantizesTables else { return .excluded("tables are left out") }
      guard options.form == .blocks else { return .skipped("ONNX has no operator that looks up codes of few bits") }
      guard format.storedBits >= 4 else {
        return .skipped("tables are looked up in codes of 4 and 8 bits only")
      }
      guard data.dataType != .bfloat16 else { return .skipped("tables of bfloat16 are not looked up in codes") }
      return nil
    case .product:
      guard data.shape.suffix(2).allSatisfy({ $0 >= 16 }) else {
        return .skipped("the weight is too small to gain: \(data.type)")
      }
      if node.op == "Gemm", options.form == .blocks, let bias = node.operand(2) {
        let isVector = graph[bias].constant.map { $0.shape == [outputs(site, data)] } ?? false
        guard isVector, node.attributes.float("beta", default: 1) == 1 else {
          return .skipped("its bias is not a constant vector")
        }
      }
      return nil
    }
  }

  private static func outputs(_ site: WeightSite, _ data: Tensor) -> Int {
    site.use == .product(isInputsFirst: true) ? data.shape[data.rank - 1] : data.shape[data.rank - 2]
  }
}
