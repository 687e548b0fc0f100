#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif
internal import DecantIR

/// Evens out the columns of normalized activations before they become codes on one scale, with no samples.
///
/// Given: `%x = LayerNormalization(%h, %gamma, %beta)`, `%y = MatMul(%x, %w)`
/// Result: `%y = MatMul(Mul(%x, 1/s), s · %w)` with a row of `s` for each column of `%x`
///
/// A column of `%x` reaches about 4·|gamma| + |beta|, whatever the data; `s` is the square root of that, of geometric mean 1.
/// Half of the columns' differences so moves into the weights, whose columns have scales of their own: SmoothQuant (Xiao
/// et al. 2023) with ranges from the normalization in place of samples.
struct NormalizationSmoothing {
  private static let operators: Set<OpName> = ["LayerNormalization", "RMSNormalization"]
  /// Up to how many standard deviations a column is taken to reach.
  private static let deviations: Float = 4

  /// Smooths before the chosen products and says how many normalizations it did it for.
  static func smooth(_ chosen: Set<NodeID>, _ rewriter: inout Rewriter) -> Int {
    var count = 0
    for id in rewriter.graph.order where operators.contains(rewriter.graph[id].op) {
      guard let x = rewriter.graph[id].result(0), let scales = scales(id, rewriter.graph),
        let group = ProductGroup(x, among: chosen, in: rewriter.graph), group.columns == scales.count
      else { continue }
      _ = group.insert(scales, group.folding(.producer, in: rewriter.graph), &rewriter)
      count += 1
    }
    return count
  }

  /// The square roots of the columns' reaches, of geometric mean 1; nil unless the normalization is of the last axis alone.
  private static func scales(_ id: NodeID, _ graph: Graph) -> [Float]? {
    guard let gamma = graph.constant(ofOperand: 1, of: id), gamma.dataType == .float32, gamma.rank == 1,
      let factors = gamma.floats, factors.count > 1
    else { return nil }
    let beta = graph[id].operand(2)
    let shifts = beta == nil ? nil : graph.constant(ofOperand: 2, of: id)?.floats
    guard beta == nil || shifts?.count == factors.count else { return nil }
    let reaches = factors.indices.map { deviations * abs(factors[$0]) + abs(shifts?[$0] ?? 0) }
    guard let most = reaches.max(), most > 0, most.isFinite else { return nil }
    let logarithms = reaches.map { log(max($0, most / 1000)) / 2 }
    let mean = logarithms.reduce(0, +) / Float(logarithms.count)
    return logarithms.map { exp($0 - mean) }
  }
}
