internal import DecantRuntime
internal import Synchronization

/// How the inputs of a product go together in the samples: Xᵀ X of all rows that went in.
public final class InputProducts: Sendable {
  /// How many inputs.
  public let count: Int
  /// The upper triangle in bands of rows; each band from its first diagonal element on.
  private let bands: [Band]

  /// Rows of the triangle that are summed at a time.
  private final class Band: Sendable {
    let sums: Mutex<Matrix>
    init(_ sums: Matrix) { self.sums = Mutex(sums) }
  }

  private static let band = 2 * GramPanels.step

  /// Nothing seen.
  public init(count: Int) {
    self.count = count
    bands = stride(from: 0, to: count, by: InputProducts.band).map { start in
      Band(Matrix(rows: min(InputProducts.band, count - start), columns: count - start))
    }
  }

  /// Adds the products of the rows of `parts`, one after another. The sums do not depend on the number of threads.
  ///
  /// Precondition: the rows have ``count`` elements.
  func add(_ parts: [KeptRows], threads: Int) {
    precondition(parts.allSatisfy { $0.columns == count }, "as many inputs as before")
    let rows = RowAddresses(parts)
    let panels = GramPanels(columns: count)
    for start in stride(from: 0, to: rows.count, by: GramPanels.rows) {
      panels.fill(rows, start..<min(rows.count, start + GramPanels.rows), threads: threads)
      Parallel.forEach(count: bands.count, threads: threads) { range in
        for index in range {
          bands[index].sums.withLock { panels.add(to: &$0, first: index * InputProducts.band) }
        }
      }
    }
  }

  /// The products of the inputs times factors.
  func scaled(by factors: [Float]) -> InputProducts {
    let result = InputProducts(count: count)
    for (index, band) in bands.enumerated() {
      let start = index * InputProducts.band
      var sums = band.sums.withLock { $0 }
      for row in 0..<sums.rows {
        for column in row..<sums.columns { sums[row, column] *= factors[start + row] * factors[start + column] }
      }
      result.bands[index].sums.withLock { $0 = sums }
    }
    return result
  }

  /// The whole symmetric matrix.
  var matrix: Matrix {
    var result = Matrix(rows: count, columns: count)
    for (index, band) in bands.enumerated() {
      let start = index * InputProducts.band
      band.sums.withLock { band in
        for row in 0..<band.rows {
          for column in row..<band.columns {
            result[start + row, start + column] = band[row, column]
            result[start + column, start + row] = band[row, column]
          }
        }
      }
    }
    return result
  }
}
