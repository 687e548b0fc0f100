internal import DecantForms
internal import DecantIR

extension Matrix {
  /// The elements whose row and column are the same.
  var diagonal: [Float] { (0..<rows).map { self[$0, $0] } }

  /// The energy of each input as a share of the mean, where this is Xᵀ X; never nothing.
  var importance: [Float] {
    let energies = diagonal
    let mean = Float(energies.reduce(0) { $0 + Double($1) } / Double(max(rows, 1)))
    return energies.map { max($0 / max(mean, .leastNormalMagnitude), 1e-6) }
  }

  /// E P for the rows of `errors`, where this is P, symmetric.
  func spreading(_ errors: Matrix) -> Matrix {
    var result = Matrix(rows: errors.rows, columns: columns)
    result.add(1, errors, errors.whole, self, whole)
    return result
  }

  /// The squared error that codes leave in the result of a product, for each row: eᵀ P e, where this is P = Xᵀ X.
  func error(of rows: BlockRows, _ panel: WeightPanel) -> [Float] {
    let errors = Matrix(
      rows: panel.rows, columns: panel.columns, elements: zip(rows.values, panel.values).map { $0 - $1 })
    return errors.rowProducts(spreading(errors))
  }

  /// The sum of the products of elements, for each row.
  func rowProducts(_ other: Matrix) -> [Float] {
    (0..<rows).map { row in
      var sum: Float = 0
      for index in row * columns..<(row + 1) * columns { sum += elements[index] * other.elements[index] }
      return sum
    }
  }
}

extension BlockRows {
  /// Takes row `row` from `other`, of the same extents and format.
  mutating func take(_ row: Int, from other: BlockRows) {
    let (codes, blocks) = (row * columns..<(row + 1) * columns, row * blocks..<(row + 1) * blocks)
    self.codes.replaceSubrange(codes, with: other.codes[codes])
    scales.replaceSubrange(blocks, with: other.scales[blocks])
    zeroPoints.replaceSubrange(blocks, with: other.zeroPoints[blocks])
  }
}
