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

  /// Less than this many multiply-adds are not worth a thread.
  private static let least = 1 << 20
  /// Parts begin at multiples of this, where tiles do.
  private static let rowStep = 7
  /// The most elements of a result that are gone through again after they are written.
  private static let warm = 1 << 15

  /// For `rows` x `columns` sums of `depth` products. When `again`, each part is small enough to be gone through again before it
  /// leaves the cache, and has whole rows.
  init(rows: Int, columns: Int, depth: Int, again: Bool, threads: Int) {
    self.threads = threads
    let cost = rows * columns * depth
    let count = ProductShares.count(cost, threads: threads)
    if again || count == 1 || rows >= columns {
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

  /// How many parts `cost` multiply-adds are worth: one, or as many for each thread as for the others.
  static func count(_ cost: Int, threads: Int) -> Int {
    let worth = min(cost / least, threads * 4)
    return threads > 1 && worth > 1 ? (worth + threads - 1) / threads * threads : 1
  }

  /// Calls `body` for each part.
  func forEach(_ body: @Sendable (Part) -> Void) {
    Parallel.forEach(count: parts.count, threads: threads) { (range: Range<Int>) in
      for index in range { body(parts[index]) }
    }
  }
}
