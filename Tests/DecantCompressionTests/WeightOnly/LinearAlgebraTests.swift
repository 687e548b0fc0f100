import Testing

@testable import DecantCompression

/// Products and factors against definitions in double precision.
@Suite struct LinearAlgebraTests {
  /// Numbers between -1 and 1 from a fixed sequence.
  static func noise(_ count: Int, seed: UInt64 = 1) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 33)) / Float(1 << 30) - 1
    }
  }

  static func matrix(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: noise(rows * columns, seed: seed))
  }

  /// Symmetric and positive definite.
  static func products(_ count: Int, rows: Int, seed: UInt64 = 3) -> Matrix {
    let x = matrix(rows, count, seed: seed)
    var result = Matrix(rows: count, columns: count)
    result.add(1, x, MatrixPart(rows: 0..<rows, columns: 0..<count, isTransposed: true), x, x.whole)
    return result
  }

  @Test(arguments: [(1, 1, 1), (8, 16, 256), (7, 15, 3), (200, 33, 300), (65, 130, 257)])
  func products(_ height: Int, _ width: Int, _ depth: Int) {
    for (isATransposed, isBTransposed) in [(false, false), (true, false), (false, true), (true, true)] {
      let a = isATransposed ? Self.matrix(depth, height) : Self.matrix(height, depth)
      let b = isBTransposed ? Self.matrix(width, depth, seed: 2) : Self.matrix(depth, width, seed: 2)
      var (aPart, bPart) = (a.whole, b.whole)
      (aPart.isTransposed, bPart.isTransposed) = (isATransposed, isBTransposed)
      var result = Matrix(rows: height + 1, columns: width + 2)
      result.add(2, a, aPart, b, bPart, row: 1, column: 2)
      var worst = 0.0
      for row in 0..<height {
        for column in 0..<width {
          var sum = 0.0
          for k in 0..<depth {
            let left = isATransposed ? a[k, row] : a[row, k]
            sum += Double(left) * Double(isBTransposed ? b[column, k] : b[k, column])
          }
          worst = max(worst, abs(Double(result[row + 1, column + 2]) - 2 * sum))
        }
      }
      #expect(worst < 1e-4, "\(height)x\(width)x\(depth) \(isATransposed) \(isBTransposed)")
      #expect(result.elements[0..<width + 2].allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: [1, 5, 64, 65, 150])
  func factors(_ count: Int) throws {
    let a = Self.products(count, rows: count * 3)
    let l = try #require(Cholesky.lower(a))
    var back = Matrix(rows: count, columns: count)
    back.add(1, l, l.whole, l, MatrixPart(rows: 0..<count, columns: 0..<count, isTransposed: true))
    let scale = a.elements.map(abs).max() ?? 1
    #expect(zip(a.elements, back.elements).allSatisfy { abs($0 - $1) < 1e-5 * scale })
    let u = try #require(Cholesky.inverseUpper(a))
    var inverse = Matrix(rows: count, columns: count)
    inverse.add(1, u, MatrixPart(rows: 0..<count, columns: 0..<count, isTransposed: true), u, u.whole)
    var identity = Matrix(rows: count, columns: count)
    identity.add(1, inverse, inverse.whole, a, a.whole)
    for row in 0..<count {
      for column in 0..<count {
        #expect(abs(identity[row, column] - (row == column ? 1 : 0)) < 5e-3)
        if column < row { #expect(u[row, column] == 0) }
      }
    }
  }

  @Test func refusesWhatIsNotDefinite() {
    #expect(Cholesky.lower(Matrix(rows: 2, columns: 2, elements: [1, 2, 2, 1])) == nil)
    #expect(Cholesky.inverseUpper(Matrix(rows: 2, columns: 2)) == nil)
  }
}
