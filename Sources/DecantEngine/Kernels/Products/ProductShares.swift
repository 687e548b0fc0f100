internal import DecantRuntime

/// A table of rows by columns, cut into parts for threads: along the side that has less in common between the parts.
struct ProductShares {
  /// One part.
  struct Part {
    let rows: Range<Int>
    let columns: Range<Int>
  }

  private let parts: [Part]
  private let threads: Int

  /// So many multiply-adds cost as much as copying an element.
  private static let unit = 16
  /// So many times the rows' elements may be read of weights by each thread, rather than that threads exchange what they compute.
  private static let exchange = 4
  /// Parts begin at multiples of this, where tiles do.
  private static let rowStep = 7
  /// The most elements of a result that are gone through again after they are written.
  private static let warm = 1 << 15

  /// For `rows` x `columns` sums of `depth` products. When `again`, each part is small enough to be gone through again before it
  /// leaves the cache, and has whole rows.
  init(rows: Int, columns: Int, depth: Int, again: Bool, threads: Int) {
    self.threads = threads
    // Weights take as long for a few rows as for a tile of them.
    let cost = max(rows, ProductShares.rowStep) * columns * depth / ProductShares.unit
    let count = Shares.count(cost, threads: threads)
    let byRows =
      rows >= 2 * ProductShares.rowStep * threads
      && depth * columns <= ProductShares.exchange * rows * (depth + columns)
    if again || count == 1 || byRows {
      var size = (rows + count - 1) / count
      if again { size = min(size, max(1, ProductShares.warm / columns)) }
      let step = ProductShares.rowStep
      size = (max(1, size) + step - 1) / step * step
      parts = stride(from: 0, to: rows, by: size).map { Part(rows: $0..<min(rows, $0 + size), columns: 0..<columns) }
    } else {
      let size = (columns + count - 1) / count
      parts = PackedWeights.parts(columns, size).map { Part(rows: 0..<rows, columns: $0) }
    }
  }

  /// Calls `body` for each part.
  func forEach(_ body: @Sendable (Part) -> Void) {
    Parallel.forEach(count: parts.count, threads: threads) { (range: Range<Int>) in
      for index in range { body(parts[index]) }
    }
  }
}
