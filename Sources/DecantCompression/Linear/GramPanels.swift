internal import CKernels
internal import DecantRuntime

/// A chunk of the rows of X, laid out for adding their products to Xᵀ X.
@safe final class GramPanels: @unchecked Sendable {
  /// How many rows a chunk has at most.
  static let rows = Int(DECANT_GRAM_ROWS)
  /// The rows of Xᵀ X that are added to begin at multiples of this.
  static let step = Int(DECANT_GRAM_STEP)

  private let columns: Int
  private let start: UnsafeMutablePointer<Float>
  private var count = 0

  /// For rows of so many elements.
  init(columns: Int) {
    self.columns = columns
    let size = GramPanels.byteCount(columns)
    guard let memory = unsafe decant_bytes(size) else { preconditionFailure("no memory for \(size) bytes") }
    unsafe start = memory.assumingMemoryBound(to: Float.self)
  }

  deinit { unsafe decant_free(start, GramPanels.byteCount(columns)) }

  private static func byteCount(_ columns: Int) -> Int {
    decant_gram_panels_size(columns) * MemoryLayout<Float>.size
  }

  /// Takes these rows in place of those before. Precondition: at most a chunk.
  func fill(_ rows: RowAddresses, _ range: Range<Int>, threads: Int) {
    precondition(range.count <= GramPanels.rows, "more than a chunk")
    count = range.count
    Parallel.forEach(count: (columns - 1) / GramPanels.step + 1, threads: threads) { steps in
      let end = min(columns, steps.upperBound * GramPanels.step)
      unsafe rows.starts.withUnsafeBufferPointer { starts in
        guard let first = starts.baseAddress else { return }
        unsafe decant_gram_pack(
          first + range.lowerBound, range.count, columns, steps.lowerBound * GramPanels.step, end, start)
      }
    }
  }

  /// Adds the products to rows of Xᵀ X from `first` on, each of which begins at column `first`.
  ///
  /// Preconditions: `first` is a multiple of the step, and the rows have as many columns as are left.
  func add(to sums: inout Matrix, first: Int) {
    precondition(first % GramPanels.step == 0 && sums.columns == columns - first && sums.rows <= sums.columns)
    let rows = sums.rows
    unsafe sums.elements.withUnsafeMutableBufferPointer { sums in
      guard let sums = sums.baseAddress else { return }
      unsafe decant_gram_add(start, count, columns, first, rows, sums)
    }
  }
}
