/// Triangular factors of symmetric matrices, in blocks whose updates are matrix products.
enum Cholesky {
  private static let block = 64

  /// The lower triangular L with `L Lᵀ = a`; nil when `a` is not positive definite. Reads the lower triangle only. O(n³ / 3).
  static func lower(_ a: Matrix) -> Matrix? {
    let n = a.rows
    var result = a
    for start in stride(from: 0, to: n, by: block) {
      let end = min(start + block, n)
      guard factorDiagonal(&result, start..<end) else { return nil }
      solvePanel(&result, start..<end)
      // Only the lower triangle of what remains, band by band.
      let panel = result.part(rows: end..<n, columns: start..<end)
      for band in stride(from: 0, to: panel.rows, by: block) {
        let rows = band..<min(band + block, panel.rows)
        result.add(
          -1, panel, MatrixPart(rows: rows, columns: 0..<panel.columns), panel,
          MatrixPart(rows: 0..<rows.upperBound, columns: 0..<panel.columns, isTransposed: true), row: end + band,
          column: end)
      }
    }
    for row in 0..<n { for column in (row + 1)..<max(n, row + 1) { result[row, column] = 0 } }
    return result
  }

  /// The inverse of a lower triangular matrix. O(n³ / 3).
  static func inverse(ofLower l: Matrix) -> Matrix {
    let n = l.rows
    var result = Matrix(rows: n, columns: n)
    for start in stride(from: 0, to: n, by: block) {
      let end = min(start + block, n)
      let diagonal = invertDiagonal(l, start..<end)
      if start > 0 {
        var sums = Matrix(rows: end - start, columns: start)
        sums.add(
          1, l, MatrixPart(rows: start..<end, columns: 0..<start), result,
          MatrixPart(rows: 0..<start, columns: 0..<start))
        result.add(-1, diagonal, diagonal.whole, sums, sums.whole, row: start, column: 0)
      }
      for row in start..<end {
        for column in start...row { result[row, column] = diagonal[row - start, column - start] }
      }
    }
    return result
  }

  /// The upper triangular U with `a⁻¹ = Uᵀ U`, the factor that GPTQ spreads errors by; nil when `a` is not positive
  /// definite. Turning `a` around makes it the inverse of an ordinary factor, so that `a⁻¹` itself is never formed.
  static func inverseUpper(_ a: Matrix) -> Matrix? {
    let n = a.rows
    var turned = Matrix(rows: n, columns: n)
    for row in 0..<n { for column in 0...row { turned[row, column] = a[n - 1 - column, n - 1 - row] } }
    guard let factor = lower(turned) else { return nil }
    let inverse = inverse(ofLower: factor)
    var result = Matrix(rows: n, columns: n)
    for row in 0..<n { for column in row..<n { result[row, column] = inverse[n - 1 - row, n - 1 - column] } }
    return result
  }

  private static func factorDiagonal(_ a: inout Matrix, _ range: Range<Int>) -> Bool {
    for column in range {
      var sum = Double(a[column, column])
      for k in range.lowerBound..<column { sum -= Double(a[column, k]) * Double(a[column, k]) }
      guard sum > 0, sum.isFinite else { return false }
      let root = sum.squareRoot()
      a[column, column] = Float(root)
      for row in (column + 1)..<max(range.upperBound, column + 1) {
        var value = Double(a[row, column])
        for k in range.lowerBound..<column { value -= Double(a[row, k]) * Double(a[column, k]) }
        a[row, column] = Float(value / root)
      }
    }
    return true
  }

  /// The rows below a factored block, times the inverse of that block's transpose.
  private static func solvePanel(_ a: inout Matrix, _ range: Range<Int>) {
    guard range.upperBound < a.rows else { return }
    let inverse = invertDiagonal(a, range)
    let panel = a.part(rows: range.upperBound..<a.rows, columns: range)
    for row in range.upperBound..<a.rows { for column in range { a[row, column] = 0 } }
    a.add(
      1, panel, panel.whole, inverse,
      MatrixPart(rows: 0..<range.count, columns: 0..<range.count, isTransposed: true), row: range.upperBound,
      column: range.lowerBound)
  }

  private static func invertDiagonal(_ l: Matrix, _ range: Range<Int>) -> Matrix {
    let count = range.count
    var result = Matrix(rows: count, columns: count)
    for column in 0..<count {
      for row in column..<count {
        var sum = row == column ? 1.0 : 0.0
        for k in column..<row {
          sum -= Double(l[range.lowerBound + row, range.lowerBound + k]) * Double(result[k, column])
        }
        result[row, column] = Float(sum / Double(l[range.lowerBound + row, range.lowerBound + row]))
      }
    }
    return result
  }
}
