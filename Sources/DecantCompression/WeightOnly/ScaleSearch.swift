#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif
internal import DecantForms
internal import DecantIR

/// Finds factors for the inputs of products, so that weights times them, in codes, leave the least error in the results.
///
/// Input j is divided by `s_j = x_j^a / w_j^(1-a)`, with the root mean squares x_j of the input on the samples and w_j of its
/// weights, or by `x_j^a` alone. The error of a product is e P eᵀ with P = Xᵀ X, so no sample is run again.
struct ScaleSearch {
  /// A matrix of weights, and how its blocks are coded.
  struct Weight {
    let panel: WeightPanel
    let format: BlockFormat
  }

  /// Factors and what they leave of the error.
  struct Choice {
    let ratio: Float
    let factors: [Float]
    /// The squared error as a share of that without factors.
    let share: Double
  }

  /// P, the products of the inputs.
  let products: Matrix
  let weights: [Weight]

  /// Outputs of a matrix beyond so many are not looked at: they have no inputs of their own.
  static let outputs = 256

  /// The best factors; nil where none lower the error. Exponents are tenths, and then twentieths beside the best.
  func best() -> Choice? {
    let plain = error([Float](repeating: 1, count: products.rows))
    guard plain > 0 else { return nil }
    let (reaches, strengths) = (self.reaches, self.strengths)
    var best: (choice: Choice, twentieths: Int, countsWeights: Bool)?
    func consider(_ twentieths: Int, _ countsWeights: Bool) {
      let ratio = Float(twentieths) / 20
      let factors = ScaleSearch.factors(reaches, strengths, ratio, countsWeights: countsWeights)
      let share = error(factors) / plain
      guard share < best?.choice.share ?? 1 else { return }
      best = (Choice(ratio: ratio, factors: factors, share: share), twentieths, countsWeights)
    }
    for tenth in 1...9 { for countsWeights in [true, false] { consider(2 * tenth, countsWeights) } }
    if let (_, twentieths, countsWeights) = best {
      for beside in [twentieths - 1, twentieths + 1] { consider(beside, countsWeights) }
    }
    return best?.choice
  }

  /// Of geometric mean 1, so that the activation as a whole keeps its size.
  static func factors(_ reaches: [Float], _ strengths: [Float], _ ratio: Float, countsWeights: Bool) -> [Float] {
    let logarithms = reaches.indices.map { index in
      ratio * log(reaches[index]) - (countsWeights ? (1 - ratio) * log(strengths[index]) : 0)
    }
    let mean = logarithms.reduce(0, +) / Float(max(logarithms.count, 1))
    return logarithms.map { exp(min(max($0 - mean, -9), 9)) }
  }

  /// The summed squared errors of the results.
  private func error(_ factors: [Float]) -> Double {
    var total = 0.0
    for weight in weights {
      var scaled = weight.panel
      let columns = scaled.columns
      for index in scaled.values.indices { scaled.values[index] *= factors[index % columns] }
      var errors = Matrix(
        rows: scaled.rows, columns: columns, elements: RoundToNearest().code(scaled, weight.format, .float32).values)
      for index in errors.elements.indices {
        errors.elements[index] = errors.elements[index] / factors[index % columns] - weight.panel.values[index]
      }
      total += errors.rowProducts(products.spreading(errors)).reduce(0) { $0 + Double($1) }
    }
    return total
  }

  /// The root of each input's energy; never far below the largest, for one that is always zero.
  private var reaches: [Float] { ScaleSearch.lifted(products.diagonal.map { max($0, 0).squareRoot() }) }

  /// The root of each input's summed squared weights.
  private var strengths: [Float] {
    var sums = [Float](repeating: 0, count: products.rows)
    for weight in weights {
      for (index, value) in weight.panel.values.enumerated() { sums[index % weight.panel.columns] += value * value }
    }
    return ScaleSearch.lifted(sums.map { $0.squareRoot() })
  }

  private static func lifted(_ values: [Float]) -> [Float] {
    let least = max((values.max() ?? 0) * 1e-4, .leastNormalMagnitude)
    return values.map { max($0, least) }
  }
}
