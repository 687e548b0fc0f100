internal import DecantForms
internal import DecantIR
internal import DecantRuntime

/// Multiplies weights that meet much energy, and divides what they are multiplied by, before codes are chosen: AWQ (Lin et al.,
/// 2306.00978).
///
/// Given: `%y = MatMul(%x, %w)`. Result: `%y = MatMul(Mul(%x, 1/s), s · %w)`, or the factors folded into what makes `%x`.
/// A block's codes are a step apart whatever its weights; so those that are large in it are hit least by rounding.
struct InputScaling {
  /// The formats of the products that become codes.
  let formats: [NodeID: BlockFormat]
  let threads: Int

  /// Factors for which a Mul is put in have to take at least this share of the error away.
  private static let leastGain = 0.1

  /// Scales where it pays. Products of inputs that are scaled are those of the scaled inputs then.
  func scale(
    _ products: inout [ValueID: InputProducts], _ rewriter: inout Rewriter
  ) throws(OpError) -> [QuantizationReport.Step] {
    let (nodes, graph) = (Set(formats.keys), rewriter.graph)
    let inputs = WeightSite.inputs(of: nodes, in: graph)
    let seen = products
    let found = try Parallel.map(count: inputs.count, threads: threads) { (index) throws(OpError) -> Outcome in
      guard let group = ProductGroup(inputs[index], among: nodes, in: graph) else {
        return .left("its weights are not float32 matrices")
      }
      guard let known = seen[group.input], known.count == group.columns else {
        return .left("it was not seen in the samples")
      }
      guard group.ownsWeights(in: graph) else { return .left("others read its weights, too") }
      return try search(group, known, graph)
    }
    var steps: [QuantizationReport.Step] = []
    for (input, outcome) in zip(inputs, found) {
      let text: String
      switch outcome {
      case .left(let reason): text = "left: \(reason)"
      case .scaled(let group, let choice):
        let folding = group.folding(.chain, in: rewriter.graph)
        guard folding != nil || choice.share <= 1 - InputScaling.leastGain else {
          text = "left: a Mul would take less than a tenth of the error away"
          break
        }
        let (value, how) = group.insert(choice.factors, folding, &rewriter)
        products[value] = products[input]?.scaled(by: SmoothingSearch.inverses(of: choice.factors))
        let share = Int((100 * choice.share).rounded())
        text = "exponent \(choice.ratio), \(how): the squared error of rounding its products is \(share) % of before"
      }
      steps.append(.init(step: "scale", value: graph[input].name, outcome: text))
    }
    return steps
  }

  private enum Outcome {
    case left(String)
    case scaled(ProductGroup, ScaleSearch.Choice)
  }

  private func search(
    _ group: ProductGroup, _ known: InputProducts, _ graph: Graph
  ) throws(OpError) -> Outcome {
    var weights: [ScaleSearch.Weight] = []
    for product in group.products {
      guard let data = graph[product.weight].constant, let format = formats[product.node] else { continue }
      let matrix = try WeightMatrix(data, isInputsFirst: product.isInputsFirst)
      weights.append(.init(panel: matrix.sample(ScaleSearch.outputs), format: format))
    }
    guard let choice = ScaleSearch(products: known.matrix, weights: weights).best() else {
      return .left("no exponent lowers the error of rounding")
    }
    return .scaled(group, choice)
  }
}

extension ProductGroup {
  /// Whether nothing but these products reads their matrices.
  fileprivate func ownsWeights(in graph: Graph) -> Bool {
    products.allSatisfy { product in
      graph[product.weight].useCount == products.count { $0.weight == product.weight }
    }
  }
}

extension WeightMatrix {
  /// At most `count` outputs, evenly spread.
  fileprivate func sample(_ count: Int) -> WeightPanel {
    guard rows > count else { return panel(0..<rows) }
    let values = (0..<count).flatMap { index in
      let row = index * rows / count
      return panel(row..<row + 1).values
    }
    return WeightPanel(rows: count, columns: columns, values: values)
  }
}
