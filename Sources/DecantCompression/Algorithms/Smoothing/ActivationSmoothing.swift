internal import DecantIR
internal import DecantRuntime

/// Evens out the columns of activations before they become codes, with factors found from samples.
///
/// Given: `%y = MatMul(%x, %w)`. Result: `%y = MatMul(Mul(%x, 1/s), s · %w)`, or the factors folded into what makes `%x`.
///
/// Where few columns reach much further than the others, these are multiplied in float beside it, as LLM.int8 does (Dettmers
/// et al. 2022): `%y = Add(MatMul(Mul(%x, 1/s), s · %w), MatMul(Gather(%x, columns), %w of columns))` with zeros in `1/s`.
struct ActivationSmoothing {
  /// What is done, and how codes are chosen.
  struct Options {
    var smoothing: Smoothing
    /// How many columns of an activation may be multiplied in float.
    var outliers: Int
    var isPerChannel: Bool
    var isSymmetric = false
    var correctsBiases = false
  }

  let options: Options
  let grids: Grids
  let learned: LayerStatistics

  /// Smooths what goes into the chosen products; ranges and channels of what they read then are entered.
  func smooth(
    _ chosen: Set<NodeID>, _ ranges: inout CalibratedRanges, _ channels: inout [String: ChannelStatistics],
    _ made: inout Set<NodeID>, _ rewriter: inout Rewriter
  ) throws(OpError) -> [QuantizationReport.Step] {
    let exponents: [Float]
    switch options.smoothing {
    case .off: return []
    case .searched: exponents = SmoothingSearch.exponents
    case .fixed(let exponent): exponents = [exponent]
    }
    let groups = ActivationSmoothing.inputs(of: chosen, in: rewriter.graph).compactMap { input -> ProductGroup? in
      guard let group = ProductGroup(input, among: chosen, in: rewriter.graph),
        learned.channels[rewriter.graph[input].name]?.channels == group.columns
      else { return nil }
      return group
    }
    let graph = rewriter.graph
    let found = try Parallel.map(count: groups.count) { (index) throws(OpError) in
      try search(groups[index], graph, exponents)
    }
    var steps: [QuantizationReport.Step] = []
    for (group, (off, best)) in zip(groups, found) {
      let name = rewriter.graph[group.input].name
      guard let best else {
        steps.append(.init(step: "smooth", value: name, outcome: "left: no exponent takes a tenth of the error away"))
        continue
      }
      let outliers = best.outliers.isEmpty ? nil : OutlierColumns(group, best.outliers, &rewriter)
      let folding = outliers == nil ? group.folding(.producer, in: rewriter.graph) : nil
      let (value, how) = group.insert(best.factors, folding, &rewriter)
      if let outliers { made.formUnion(outliers.add(&rewriter)) }
      let smoothed = rewriter.graph[value].name
      ranges.byName[smoothed] = best.range
      channels[smoothed] = learned.channels[name]?.scaled(by: SmoothingSearch.inverses(of: best.factors))
      let share = Int((100 * best.error / max(off.error, .leastNormalMagnitude)).rounded())
      steps.append(
        .init(
          step: "smooth", value: name,
          outcome:
            "exponent \(best.exponent ?? 0), \(how)\(leftOut(best.outliers)): the squared error of its products is \(share) % of before"
        ))
    }
    return steps
  }

  private func leftOut(_ columns: [Int]) -> String {
    guard !columns.isEmpty else { return "" }
    return ", column\(columns.count == 1 ? "" : "s") \(columns.map(String.init).joined(separator: ", ")) in float"
  }

  private func search(
    _ group: ProductGroup, _ graph: Graph, _ exponents: [Float]
  ) throws(OpError) -> (off: SmoothingSearch.Candidate, best: SmoothingSearch.Candidate?) {
    guard let statistics = learned.channels[graph[group.input].name] else { throw OpError("no statistics") }
    let weights = group.products.compactMap { product -> Matrix? in
      guard let data = graph[product.weight].constant, let elements = data.array(of: Float.self) else { return nil }
      let (rows, columns) = (data.shape[0], data.shape[1])
      guard !product.isInputsFirst else { return Matrix(rows: rows, columns: columns, elements: elements) }
      var turned = Matrix(rows: columns, columns: rows)
      for row in 0..<rows {
        for column in 0..<columns { turned[column, row] = elements[row * columns + column] }
      }
      return turned
    }
    let search = SmoothingSearch(
      statistics: statistics, weights: weights, activations: grids.activations, weightGrid: grids.weights,
      isPerChannel: options.isPerChannel, isSymmetric: options.isSymmetric, method: learned.method,
      correctsBiases: options.correctsBiases, outliers: options.outliers)
    guard case .fixed(let exponent) = options.smoothing else { return try search.best(of: exponents) }
    return (try search.candidate(nil), try search.candidate(exponent))
  }

  /// What the first operands of the chosen nodes are, each once, in order.
  private static func inputs(of chosen: Set<NodeID>, in graph: Graph) -> [ValueID] {
    var seen: Set<ValueID> = []
    return graph.order.filter(chosen.contains).compactMap { graph[$0].operand(0) }.filter { seen.insert($0).inserted }
  }
}
