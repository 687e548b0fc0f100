internal import CKernels

/// A matrix of float32, row by row.
struct Matrix: Sendable, Hashable {
  let rows: Int
  let columns: Int
  var elements: [Float]

  /// Zeros.
  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    elements = [Float](repeating: 0, count: rows * columns)
  }

  /// From its elements. Precondition: as many as the extents say.
  init(rows: Int, columns: Int, elements: [Float]) {
    precondition(elements.count == rows * columns, "elements do not fill the matrix")
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// The rows of `parts`, one after the other. Precondition: all have as many columns.
  init(stacking parts: [Matrix], columns: Int) {
    let rows = parts.reduce(0) { $0 + $1.rows }
    var elements: [Float] = []
    elements.reserveCapacity(rows * columns)
    for part in parts { elements += part.elements }
    self.init(rows: rows, columns: columns, elements: elements)
  }

  subscript(row: Int, column: Int) -> Float {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }
}

/// A rectangle of a matrix, as it is or turned over: what a product reads.
struct MatrixPart {
  let rows: Range<Int>
  let columns: Range<Int>
  var isTransposed = false
}

extension Matrix {
  /// The whole.
  var whole: MatrixPart { MatrixPart(rows: 0..<rows, columns: 0..<columns) }

  /// Adds `factor · A B` to the rectangle that starts at `row` and `column`. Sums are taken in the same order whatever the
  /// extents of the result, on every machine. With `isUpper` elements of the rectangle below its own diagonal are left as they
  /// happen to be.
  ///
  /// Preconditions: the inner extents agree and the result lies inside. O(rows · columns · depth).
  mutating func add(
    _ factor: Float, _ a: Matrix, _ aPart: MatrixPart, _ b: Matrix, _ bPart: MatrixPart, row: Int = 0, column: Int = 0,
    isUpper: Bool = false
  ) {
    let (height, depth) =
      aPart.isTransposed ? (aPart.columns.count, aPart.rows.count) : (aPart.rows.count, aPart.columns.count)
    let (inner, width) =
      bPart.isTransposed ? (bPart.columns.count, bPart.rows.count) : (bPart.rows.count, bPart.columns.count)
    precondition(inner == depth && row + height <= rows && column + width <= columns, "the extents do not agree")
    precondition(a.holds(aPart) && b.holds(bPart), "a part lies outside")
    guard height > 0, width > 0, depth > 0 else { return }
    let stride = columns
    let (aRow, aStep) = aPart.isTransposed ? (1, a.columns) : (a.columns, 1)
    let (bStep, bColumn) = bPart.isTransposed ? (1, b.columns) : (b.columns, 1)
    // A band of the result at a time, so that its packed factor stays in the cache.
    let band = 192
    precondition(!isUpper || height <= band, "only a band at a time knows its diagonal")
    let size = decant_multiply_scratch(min(band, height))
    unsafe elements.withUnsafeMutableBufferPointer { result in
      unsafe a.elements.withUnsafeBufferPointer { a in
        unsafe b.elements.withUnsafeBufferPointer { b in
          unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { scratch in
            guard let result = result.baseAddress, let a = a.baseAddress, let b = b.baseAddress,
              let scratch = scratch.baseAddress
            else { return }
            let aStart = unsafe a + aPart.rows.lowerBound * (aPart.isTransposed ? aStep : aRow)
            let aFirst = unsafe aStart + aPart.columns.lowerBound
            let bStart = unsafe b + bPart.rows.lowerBound * (bPart.isTransposed ? bColumn : bStep)
            let bFirst = unsafe bStart + bPart.columns.lowerBound
            for start in Swift.stride(from: 0, to: height, by: band) {
              unsafe decant_multiply_add_f32(
                min(band, height - start), width, depth, factor, aFirst + start * aRow, aRow, aStep, bFirst, bStep,
                bColumn, result + (row + start) * stride + column, stride, isUpper ? 1 : 0,
                scratch)
            }
          }
        }
      }
    }
  }

  /// A copy of some rows and columns.
  func part(rows: Range<Int>, columns: Range<Int>) -> Matrix {
    Matrix(
      gathering: rows.map { $0 * self.columns + columns.lowerBound }, columns: columns.count, from: elements.span)
  }

  /// Rows of `columns` elements that start at `starts` in `source`.
  ///
  /// Precondition: all lie inside.
  init(gathering starts: [Int], columns: Int, from source: Span<Float>) {
    let count = starts.count * columns
    let elements = unsafe source.withUnsafeBufferPointer { source in
      unsafe [Float](unsafeUninitializedCapacity: count) { target, written in
        for (row, start) in starts.enumerated() {
          let line = unsafe UnsafeBufferPointer(rebasing: source[start..<start + columns])
          _ = unsafe UnsafeMutableBufferPointer(rebasing: target[row * columns..<(row + 1) * columns])
            .initialize(from: line)
        }
        written = count
      }
    }
    self.init(rows: starts.count, columns: columns, elements: elements)
  }

  private func holds(_ part: MatrixPart) -> Bool {
    part.rows.lowerBound >= 0 && part.rows.upperBound <= rows && part.columns.lowerBound >= 0
      && part.columns.upperBound <= columns
  }
}
