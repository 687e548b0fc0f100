internal import DecantIR

/// A matrix somewhere in memory.
@unsafe struct MatrixView<T> {
  let base: UnsafePointer<T>
  /// From one row to the next.
  let rowStride: Int
  /// From one column to the next.
  let columnStride: Int

  /// A matrix whose rows lie one after another.
  @inline(__always) init(_ base: UnsafePointer<T>, rowStride: Int, columnStride: Int = 1) {
    unsafe self.base = unsafe base
    unsafe self.rowStride = rowStride
    unsafe self.columnStride = columnStride
  }

  /// Its transpose.
  var transposed: MatrixView<T> {
    unsafe MatrixView(base, rowStride: columnStride, columnStride: rowStride)
  }
}

/// Adds products of matrices to matrices.
///
/// Every element of the result sums its products one by one in the order of the inner index, whatever the blocking: results
/// do not depend on sizes of caches or tiles.
enum MatrixProduct {
  /// `c += a · b`, where one row of `c` begins `pitch` elements after another.
  @specialized(where T == Float)
  @specialized(where T == Double)
  @specialized(where T == Int32)
  static func accumulate<T: KernelNumber>(
    _ a: MatrixView<T>, _ b: MatrixView<T>, into c: UnsafeMutablePointer<T>, pitch: Int, rows: Int, inner: Int,
    columns: Int
  ) {
    guard rows > 0, inner > 0, columns > 0 else { return }
    if columns < 8, rows > columns {
      // Few columns would leave the inner loop short: compute the transpose.
      unsafe accumulateTransposed(a, b, into: c, pitch: pitch, rows: rows, inner: inner, columns: columns)
    } else if unsafe b.columnStride == 1 {
      unsafe accumulateRows(a, b, into: c, pitch: pitch, rows: rows, inner: inner, columns: columns)
    } else {
      unsafe withPacked(b, rows: inner, columns: columns) { packed in
        unsafe accumulateRows(a, packed, into: c, pitch: pitch, rows: rows, inner: inner, columns: columns)
      }
    }
  }

  @inline(__always)
  private static func accumulateTransposed<T: KernelNumber>(
    _ a: MatrixView<T>, _ b: MatrixView<T>, into c: UnsafeMutablePointer<T>, pitch: Int, rows: Int, inner: Int,
    columns: Int
  ) {
    var result = [T](repeating: .nought, count: rows * columns)
    unsafe result.withUnsafeMutableBufferPointer { buffer in
      guard let target = buffer.baseAddress else { return }
      unsafe withPacked(MatrixView(c, rowStride: pitch).transposed, rows: columns, columns: rows) { old in
        unsafe target.update(from: old.base, count: rows * columns)
      }
      let left = unsafe b.transposed
      if unsafe a.rowStride == 1 {
        unsafe accumulateRows(left, a.transposed, into: target, pitch: rows, rows: columns, inner: inner, columns: rows)
      } else {
        unsafe withPacked(a.transposed, rows: inner, columns: rows) { packed in
          unsafe accumulateRows(left, packed, into: target, pitch: rows, rows: columns, inner: inner, columns: rows)
        }
      }
      for column in 0..<columns {
        for row in 0..<rows { unsafe c[row &* pitch &+ column] = target[column &* rows &+ row] }
      }
    }
  }

  /// `b`'s rows one after another, in blocks small enough for the cache.
  @inline(__always)
  private static func withPacked<T: KernelNumber>(
    _ b: MatrixView<T>, rows: Int, columns: Int, _ body: (MatrixView<T>) -> Void
  ) {
    let packed = unsafe [T](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      let block = 32
      var first = 0
      while first < columns {
        let last = min(first + block, columns)
        for row in 0..<rows {
          for column in first..<last {
            unsafe buffer.initializeElement(
              at: row &* columns &+ column, to: b.base[row &* b.rowStride &+ column &* b.columnStride])
          }
        }
        first = last
      }
      count = rows * columns
    }
    unsafe packed.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe body(MatrixView(base, rowStride: columns))
    }
  }

  /// Over blocks of 64 rows and 512 columns of `b`, which then stay in the cache for all rows of `a`.
  @inline(__always)
  private static func accumulateRows<T: KernelNumber>(
    _ a: MatrixView<T>, _ b: MatrixView<T>, into c: UnsafeMutablePointer<T>, pitch: Int, rows: Int, inner: Int,
    columns: Int
  ) {
    var column = 0
    while column < columns {
      let width = min(512, columns - column)
      var start = 0
      while start < inner {
        let depth = min(64, inner - start)
        for row in 0..<rows {
          let target = unsafe c + (row &* pitch &+ column)
          let factors = unsafe a.base + (row &* a.rowStride &+ start &* a.columnStride)
          let terms = unsafe b.base + (start &* b.rowStride &+ column)
          unsafe addRows(
            target, width: width, factors: factors, step: a.columnStride, terms: terms, pitch: b.rowStride, depth: depth
          )
        }
        start += depth
      }
      column += width
    }
  }

  /// `target += Σ factors[k] · terms[k]` over rows of `width`, four at a time.
  @inline(__always)
  private static func addRows<T: KernelNumber>(
    _ target: UnsafeMutablePointer<T>, width: Int, factors: UnsafePointer<T>, step: Int, terms: UnsafePointer<T>,
    pitch: Int, depth: Int
  ) {
    var k = 0
    while k &+ 4 <= depth {
      let (f0, f1) = unsafe (factors[k &* step], factors[(k &+ 1) &* step])
      let (f2, f3) = unsafe (factors[(k &+ 2) &* step], factors[(k &+ 3) &* step])
      let b0 = unsafe terms + k &* pitch
      let (b1, b2, b3) = unsafe (b0 + pitch, b0 + 2 &* pitch, b0 + 3 &* pitch)
      for j in 0..<width {
        let sum = unsafe target[j].plus(f0.times(b0[j])).plus(f1.times(b1[j]))
        unsafe target[j] = sum.plus(f2.times(b2[j])).plus(f3.times(b3[j]))
      }
      k = k &+ 4
    }
    while k < depth {
      let factor = unsafe factors[k &* step]
      let row = unsafe terms + k &* pitch
      for j in 0..<width { unsafe target[j] = target[j].plus(factor.times(row[j])) }
      k = k &+ 1
    }
  }
}
