public import DecantBytes
public import DecantIR

/// Gives the channels between two layers factors with which their weights reach equally far (Nagel et al., 1906.04721).
///
/// Given: `%h = Relu(Conv(%x, %w1, %b1))`, `%y = Conv(%h, %w2)`
/// Result: the same with `%w1 / s`, `%b1 / s` by output channel and `s · %w2` by input channel
///
/// With `s = √(r1 / r2)` of the largest magnitudes `r` both sides reach as far as each other; pairs are gone over until nothing
/// moves. Functions with `f(s·x) = s·f(x)` may stand between. `Clip(0, c)` is not one of them: there it becomes
/// `Min(Relu(%x), c / s)` with a bound for each channel, which is exact.
public enum CrossLayerEqualization {
  /// How far a pair's factors have to lie apart for a clip to be given bounds by channel, which runtimes do not fuse.
  private static let leastSpreadForClips: Float = 16
  private static let sweeps = 40
  private static let tolerance: Float = 1e-3

  /// Equalizes `graph`, whose types are inferred and whose normalizations are folded; the function stays the same.
  ///
  /// - Parameter options: which layers may be changed.
  /// - Throws: `usage` for selectors that choose nothing.
  public static func equalize(
    _ graph: inout Graph, _ options: StaticQuantizationOptions
  ) throws(DecantError) -> [QuantizationReport.Step] {
    let selection = try NodeSelection(include: options.include, exclude: options.exclude, in: graph)
    var layers: [NodeID: EqualizedLayer] = [:]
    for id in graph.order where selection.chosen.contains(id) {
      if let layer = EqualizedLayer(id, in: graph) { layers[id] = layer }
    }
    var pairs: [EqualizedPair] = []
    for id in graph.order where layers[id] != nil {
      guard let pair = EqualizedPair(from: id, in: graph), let first = layers[id], let second = layers[pair.second],
        second.inputs % first.outputs == 0, hasRank(pair, graph), isWorthwhile(pair, first, second)
      else { continue }
      pairs.append(pair)
    }
    guard !pairs.isEmpty else { return [] }
    let factors = sweep(pairs, &layers)
    var steps: [QuantizationReport.Step] = []
    let changed = pairs
    let final = layers
    graph.edit { rewriter in
      for (pair, factors) in zip(changed, factors) {
        if let clip = pair.clip { bound(clip.node, clip.bound, factors, &rewriter) }
      }
      for id in rewriter.graph.order { final[id]?.store(&rewriter) }
    }
    for (pair, factors) in zip(pairs, factors) {
      let (least, most) = (factors.min() ?? 1, factors.max() ?? 1)
      steps.append(
        .init(
          step: "equalize", value: graph[pair.first].result(0).map { graph[$0].name } ?? "",
          outcome:
            "\(factors.count) channels divided by \(least) to \(most), made up for in '\(graph[pair.second].name)'"
            + (pair.clip == nil ? "" : ", its clip with a bound for each channel")))
    }
    return steps
  }

  private static func sweep(_ pairs: [EqualizedPair], _ layers: inout [NodeID: EqualizedLayer]) -> [[Float]] {
    var totals = pairs.map { [Float](repeating: 1, count: layers[$0.first]?.outputs ?? 0) }
    for _ in 0..<sweeps {
      var moved: Float = 0
      for (index, pair) in pairs.enumerated() {
        guard let first = layers[pair.first], let second = layers[pair.second] else { continue }
        let factors = self.factors(first, second)
        layers[pair.first]?.divideOutputs(by: factors)
        layers[pair.second]?.multiplyInputs(by: factors)
        for (channel, factor) in factors.enumerated() {
          totals[index][channel] *= factor
          moved = max(moved, abs(factor - 1))
        }
      }
      if moved < tolerance { break }
    }
    return totals
  }

  /// One for channels that either side does not use.
  private static func factors(_ first: EqualizedLayer, _ second: EqualizedLayer) -> [Float] {
    zip(first.outputReaches, second.inputReaches(channels: first.outputs)).map { before, after in
      guard before > 0, after > 0 else { return 1 }
      let factor = (before / after).squareRoot()
      return factor.isNormal ? min(max(factor, 1e-6), 1e6) : 1
    }
  }

  private static func isWorthwhile(_ pair: EqualizedPair, _ first: EqualizedLayer, _ second: EqualizedLayer) -> Bool {
    guard pair.clip != nil else { return true }
    let factors = factors(first, second)
    return (factors.max() ?? 1) > leastSpreadForClips * (factors.min() ?? 1)
  }

  /// Whether the rank is known where a clip gets bounds by channel.
  private static func hasRank(_ pair: EqualizedPair, _ graph: Graph) -> Bool {
    guard let clip = pair.clip else { return true }
    return graph[clip.node].result(0).flatMap { graph[$0].type.shape }.map { $0.dimensions.count > 1 } ?? false
  }

  /// Given: `%r = Clip(%x, 0, c)`. Result: `%r = Min(Relu(%x), c / s)`.
  private static func bound(_ node: NodeID, _ bound: Float, _ factors: [Float], _ rewriter: inout Rewriter) {
    guard let input = rewriter.graph[node].operand(0), let result = rewriter.graph[node].result(0),
      let rank = rewriter.graph[result].type.shape?.dimensions.count
    else { return }
    let (name, type) = (rewriter.graph[result].name, rewriter.graph[result].type)
    let uses = rewriter.graph.uses(of: result)
    rewriter.setOp(node, "Relu")
    rewriter.setOperands(node, [input])
    rewriter.rename(result, to: name + "_unbounded")
    let shape = [factors.count] + [Int](repeating: 1, count: rank - 2)
    let bounds = rewriter.addInitializer(name + "_bounds", Tensor(factors.map { bound / $0 }, shape: shape))
    let bounded = rewriter.add("Min", [result, bounds], name: name, type: type, at: .after(node))
    for use in uses { rewriter.replace(use, with: bounded) }
  }
}
