internal import CKernels
internal import DecantForms
internal import DecantIR

/// AdaRound: learns for each weight whether it is rounded up or down, so that the product's result keeps the least squared error
/// on the samples (Nagel et al., 2004.10568).
///
/// The error of a product is (ŵ − w)ᵀ P (ŵ − w) with P = Xᵀ X, so no sample is run again. It is measured in units of the error
/// that independent rounding would make, so that one penalty serves all products. A row that nearest codes serve better keeps
/// them.
struct AdaptiveRounding: WeightCoder {
  /// How many steps of Adam.
  static let steps = 200
  private static let rate: Float = 0.05
  private static let penalty: Float = 0.5
  /// The share of the steps that have no penalty.
  private static let warmUp: Float = 0.2

  /// P, the products of the inputs.
  let products: Matrix

  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) -> BlockRows {
    var best = RangeSearch(importance: products.importance).code(panel, format, scaleType)
    let learned = learn(best, panel)
    let (before, after) = (products.error(of: best, panel), products.error(of: learned, panel))
    for row in 0..<panel.rows where after[row] < before[row] { best.take(row, from: learned) }
    return best
  }

  private func learn(_ nearest: BlockRows, _ panel: WeightPanel) -> BlockRows {
    let (rows, columns, block) = (panel.rows, panel.columns, nearest.format.blockSize)
    var floors = [Float](repeating: 0, count: rows * columns)
    var (variables, means, squares) = (floors, floors, floors)
    var errors = Matrix(rows: rows, columns: columns)
    unsafe decant_adaround_start(
      rows, columns, panel.values, block, Int32(nearest.format.levels), nearest.scales, nearest.zeroPoints, &floors,
      &variables, &errors.elements)
    var adam = decant_adam(rate: AdaptiveRounding.rate, mean_scale: 1, square_scale: 1, factor: unit(nearest))
    var (meanDecay, squareDecay): (Float, Float) = (1, 1)
    for step in 1...AdaptiveRounding.steps {
      (meanDecay, squareDecay) = (meanDecay * 0.9, squareDecay * 0.999)
      (adam.mean_scale, adam.square_scale) = (1 / (1 - meanDecay), 1 / (1 - squareDecay))
      let share = Float(step) / Float(AdaptiveRounding.steps)
      let left = min((1 - share) / (1 - AdaptiveRounding.warmUp), 1)
      // The exponent falls from 8 to 2: shares near an end are drawn to it first, those in the middle last.
      unsafe decant_adaround_step(
        rows, columns, panel.values, products.spreading(errors).elements, block, nearest.scales, nearest.zeroPoints,
        floors, adam, left == 1 ? 0 : AdaptiveRounding.penalty, 2 + 6 * left * left, &variables, &means, &squares,
        &errors.elements)
    }
    var result = nearest
    unsafe decant_adaround_finish(rows * columns, floors, variables, &result.codes)
    return result
  }

  /// One over the squared error of a step in one weight, in the mean.
  private func unit(_ rows: BlockRows) -> Float {
    var sum = 0.0
    for row in 0..<rows.rows {
      for column in 0..<rows.columns {
        let scale = rows.scales[row * rows.blocks + column / rows.format.blockSize]
        sum += Double(scale * scale * products[column, column])
      }
    }
    return sum > 0 ? Float(Double(rows.rows * rows.columns) / sum) : 0
  }
}
