internal import DecantForms
internal import DecantIR

/// SeqMSE: for each block in turn the range that leaves the product's result the least squared error on the samples, given the
/// blocks before it.
///
/// The error of a product is (w − ŵ)ᵀ P (w − ŵ) with P = Xᵀ X, so no sample is run again.
struct SequentialSearch: WeightCoder {
  /// How many shares of the full range are tried.
  static let candidates = 20

  /// P, the products of the inputs.
  let products: Matrix

  func code(_ panel: WeightPanel, _ format: BlockFormat, _ scaleType: ScaleType) -> BlockRows {
    var result = BlockRows(rows: panel.rows, columns: panel.columns, format: format)
    result.fit(panel, scaleType)
    let (rows, columns, size) = (panel.rows, panel.columns, format.blockSize)
    // What the errors of the blocks so far do to the inputs that follow: E P.
    var carried = Matrix(rows: rows, columns: columns)
    for block in 0..<format.blocks(columns) {
      let range = block * size..<min((block + 1) * size, columns)
      let errors = choose(&result, panel, block, range, carried, scaleType)
      guard range.upperBound < columns else { break }
      carried.add(
        1, errors, errors.whole, products, MatrixPart(rows: range, columns: range.upperBound..<columns), row: 0,
        column: range.upperBound)
    }
    result.round(panel)
    return result
  }

  /// Gives each row of one block its best scale, and says what errors they leave, rows by inputs of the block.
  private func choose(
    _ result: inout BlockRows, _ panel: WeightPanel, _ block: Int, _ range: Range<Int>, _ carried: Matrix,
    _ scaleType: ScaleType
  ) -> Matrix {
    let (rows, blocks) = (panel.rows, result.blocks)
    let full = (0..<rows).map { result.scales[$0 * blocks + block] }
    var best = [Float](repeating: .infinity, count: rows)
    var (bestScales, bestErrors) = (full, Matrix(rows: rows, columns: range.count))
    for candidate in 1...SequentialSearch.candidates {
      let share = Float(candidate) / Float(SequentialSearch.candidates)
      let scales = full.map { scaleType.rounding($0 * share) }
      let errors = self.errors(panel, range, scales, result, block)
      var spread = Matrix(rows: rows, columns: range.count)
      spread.add(1, errors, errors.whole, products, MatrixPart(rows: range, columns: range))
      for row in 0..<rows {
        var cost: Float = 0
        for column in 0..<range.count {
          cost += errors[row, column] * (spread[row, column] + 2 * carried[row, range.lowerBound + column])
        }
        guard cost < best[row] else { continue }
        (best[row], bestScales[row]) = (cost, scales[row])
        for column in 0..<range.count { bestErrors[row, column] = errors[row, column] }
      }
    }
    for row in 0..<rows { result.scales[row * blocks + block] = bestScales[row] }
    return bestErrors
  }

  /// w − ŵ of one block at the scales given.
  private func errors(
    _ panel: WeightPanel, _ range: Range<Int>, _ scales: [Float], _ grid: BlockRows, _ block: Int
  ) -> Matrix {
    var result = Matrix(rows: panel.rows, columns: range.count)
    let top = Float(grid.format.levels - 1)
    for row in 0..<panel.rows {
      let (scale, zero) = (scales[row], Float(grid.zeroPoints[row * grid.blocks + block]))
      let factor = scale == 0 ? 0 : 1 / scale
      for column in range {
        let value = panel.values[row * panel.columns + column]
        let code = min(max((value * factor + zero).rounded(), 0), top)
        result[row, column - range.lowerBound] = value - (code - zero) * scale
      }
    }
    return result
  }
}
