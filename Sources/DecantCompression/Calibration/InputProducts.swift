internal import DecantRuntime

/// How the inputs of a product go together in the samples: Xᵀ X of all rows that went in.
public struct InputProducts: Sendable {
  /// How many inputs.
  public let count: Int
  /// How many rows were added.
  public private(set) var rows = 0
  /// The upper triangle in bands of rows; each band from its first diagonal element on.
  private var bands: [Matrix]

  private static let band = 192

  /// Nothing seen.
  public init(count: Int) {
    self.count = count
    bands = stride(from: 0, to: count, by: InputProducts.band).map { start in
      Matrix(rows: min(InputProducts.band, count - start), columns: count - start)
    }
  }

  /// Adds the products of `x`, rows by inputs. The sums do not depend on the number of threads.
  mutating func add(_ x: Matrix, threads: Int) {
    precondition(x.columns == count, "as many inputs as before")
    rows += x.rows
    let (before, count) = (bands, count)
    bands = Parallel.map(count: before.count, threads: threads) { index in
      let start = index * InputProducts.band
      var band = before[index]
      band.add(
        1, x, MatrixPart(rows: 0..<x.rows, columns: start..<start + band.rows, isTransposed: true), x,
        MatrixPart(rows: 0..<x.rows, columns: start..<count))
      return band
    }
  }

  /// The whole symmetric matrix.
  var matrix: Matrix {
    var result = Matrix(rows: count, columns: count)
    for (index, band) in bands.enumerated() {
      let start = index * InputProducts.band
      for row in 0..<band.rows {
        for column in row..<band.columns {
          result[start + row, start + column] = band[row, column]
          result[start + column, start + row] = band[row, column]
        }
      }
    }
    return result
  }
}
