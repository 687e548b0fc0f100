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
  /// extents of the result, on every machine.
  ///
  /// Preconditions: the inner extents agree and the result lies inside. O(rows · columns · depth).
  mutating func add(
    _ factor: Float, _ a: Matrix, _ aPart: MatrixPart, _ b: Matrix, _ bPart: MatrixPart, row: Int = 0, column: Int = 0
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
                bColumn, result + (row + start) * stride + column, stride, scratch)
            }
          }
        }
      }
    }
  }

  /// A copy of some rows and columns.
  func part(rows: Range<Int>, columns: Range<Int>) -> Matrix {
    var elements: [Float] = []
    elements.reserveCapacity(rows.count * columns.count)
    for row in rows {
      let start = row * self.columns
      elements += self.elements[start + columns.lowerBound..<start + columns.upperBound]
    }
    return Matrix(rows: rows.count, columns: columns.count, elements: elements)
  }

  private func holds(_ part: MatrixPart) -> Bool {
    part.rows.lowerBound >= 0 && part.rows.upperBound <= rows && part.columns.lowerBound >= 0
      && part.columns.upperBound <= columns
  }
}
