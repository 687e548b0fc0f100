internal import CKernels
internal import DecantForms
internal import DecantIR

/// AutoRound for one product: sign descent on an offset for each weight, from −1/2 to 1/2, and on the range of each block, from
/// half of it to the whole (SignRound; Cheng et al., 2309.05516).
///
/// The gradient is exact: of the error e P eᵀ it is 2 e P, and rounding passes it on as it is.
///
/// Descent starts from the ranges of the extremes, its steps shrink to nothing, and each row keeps the best codes on its way.
struct SignRounding: WeightCoder {
  /// How many steps.
  static let steps = 200

  /// P, the products of the inputs.
  let products: Matrix

  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) -> BlockRows {
    let (rows, columns) = (panel.rows, panel.columns)
    var grid = BlockRows(rows: rows, columns: columns, format: format)
    grid.fit(panel, scaleType)
    let full = grid.scales
    var shares = [Float](repeating: 1, count: full.count)
    var offsets = [Float](repeating: 0, count: rows * columns)
    var errors = Matrix(rows: rows, columns: columns)
    var best = grid
    var least = [Float](repeating: .infinity, count: rows)
    for step in 0...SignRounding.steps {
      unsafe decant_sign_round(
        rows, columns, panel.values, format.blockSize, Int32(format.levels), grid.scales, grid.zeroPoints, offsets,
        &grid.codes, &errors.elements)
      let gradients = products.spreading(errors)
      let found = errors.rowProducts(gradients)
      for row in 0..<rows where found[row] < least[row] {
        least[row] = found[row]
        best.take(row, from: grid)
      }
      let rate = Float(SignRounding.steps - step) / Float(SignRounding.steps * SignRounding.steps)
      unsafe decant_sign_step(
        rows, columns, panel.values, gradients.elements, format.blockSize, Int32(format.levels), scaleType.rawValue,
        rate,
        full, grid.zeroPoints, grid.codes, &shares, &grid.scales, &offsets)
    }
    return best
  }
}
