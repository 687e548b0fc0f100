import DecantForms
import DecantIR
import Testing

@testable import DecantCompression

/// What each algorithm promises about its codes.
@Suite struct WeightCoderTests {
  private static func panel(_ rows: Int, _ columns: Int, seed: UInt64 = 5) -> WeightPanel {
    WeightPanel(rows: rows, columns: columns, values: LinearAlgebraTests.noise(rows * columns, seed: seed))
  }

  /// Inputs that go together: each is half of the one before.
  private static func correlated(_ count: Int, rows: Int) -> Matrix {
    var x = LinearAlgebraTests.matrix(rows, count, seed: 9)
    for row in 0..<rows { for column in 1..<count { x[row, column] = 0.3 * x[row, column] + 0.9 * x[row, column - 1] } }
    var result = Matrix(rows: count, columns: count)
    result.add(1, x, MatrixPart(rows: 0..<rows, columns: 0..<count, isTransposed: true), x, x.whole)
    return result
  }

  /// The error of the outputs, row by row, on inputs with these products.
  private static func error(_ codes: BlockRows, _ weights: WeightPanel, _ products: Matrix) -> Double {
    let difference = zip(weights.values, codes.values).map { Double($0 - $1) }
    var sum = 0.0
    for row in 0..<weights.rows {
      for i in 0..<weights.columns {
        for j in 0..<weights.columns {
          sum += difference[row * weights.columns + i] * Double(products[i, j]) * difference[row * weights.columns + j]
        }
      }
    }
    return sum
  }

  @Test func extremesAsONNXRuntime() throws {
    let weights = WeightPanel(rows: 1, columns: 16, values: [-3, 1] + [Float](repeating: 0.5, count: 13) + [2])
    let symmetric = RoundToNearest().code(weights, try BlockFormat(bits: 4, blockSize: 16, isSymmetric: true), .float32)
    #expect(symmetric.scales == [0.375])
    #expect(symmetric.codes[0] == 0 && symmetric.codes[1] == 11 && symmetric.codes[15] == 13)
    let free = RoundToNearest().code(weights, try BlockFormat(bits: 4, blockSize: 16, isSymmetric: false), .float32)
    #expect(free.scales == [5.0 / 15] && free.zeroPoints == [9])
    #expect(free.codes[0] == 0 && free.codes[15] == 15)
  }

  @Test func zerosStayZero() throws {
    for isSymmetric in [true, false] {
      for bits in [2, 3, 4, 8] {
        let format = try BlockFormat(bits: bits, blockSize: 16, isSymmetric: isSymmetric)
        let zeros = WeightPanel(rows: 2, columns: 20, values: [Float](repeating: 0, count: 40))
        for coder in [RoundToNearest(), RangeSearch(importance: nil)] as [any WeightCoder] {
          #expect(try coder.code(zeros, format, .float32).values.allSatisfy { $0 == 0 })
        }
      }
    }
  }

  @Test(arguments: [(2, true), (2, false), (3, false), (4, true), (4, false), (8, true)])
  func searchNeverLoses(_ bits: Int, _ isSymmetric: Bool) throws {
    let format = try BlockFormat(bits: bits, blockSize: 32, isSymmetric: isSymmetric)
    let weights = Self.panel(6, 100)
    func error(_ codes: BlockRows) -> Float {
      zip(codes.values, weights.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let (plain, searched) = (
      RoundToNearest().code(weights, format, .float32), RangeSearch(importance: nil).code(weights, format, .float32)
    )
    #expect(error(searched) < error(plain))
    #expect(searched.codes.allSatisfy { $0 < format.levels })
  }

  @Test(arguments: [2, 3, 4]) func propagationBetters(_ bits: Int) throws {
    let format = try BlockFormat(bits: bits, blockSize: 32, isSymmetric: false)
    let (weights, products) = (Self.panel(8, 160), Self.correlated(160, rows: 700))
    let plain = RangeSearch(importance: nil).code(weights, format, .float32)
    let propagated = try ErrorPropagation(products).code(weights, format, .float32)
    let ratio = Self.error(propagated, weights, products) / Self.error(plain, weights, products)
    #expect(ratio < 0.5, "\(bits) bits: \(ratio)")
    #expect(propagated.codes.allSatisfy { $0 < format.levels })
  }

  /// Where inputs do not go together there is nothing to propagate, and every code is the nearest.
  @Test func independentInputsRound() throws {
    let format = try BlockFormat(bits: 4, blockSize: 32, isSymmetric: false)
    var identity = Matrix(rows: 64, columns: 64)
    for index in 0..<64 { identity[index, index] = 1 }
    let weights = Self.panel(4, 64)
    let found = try ErrorPropagation(identity).code(weights, format, .float32)
    for row in 0..<4 {
      for column in 0..<64 {
        let block = row * found.blocks + column / 32
        let quotient = weights.values[row * 64 + column] / found.scales[block]
        let nearest = (quotient + Float(found.zeroPoints[block])).rounded()
        #expect(Float(found.codes[row * 64 + column]) == min(max(nearest, 0), 15))
      }
    }
  }

  @Test func silentInputsRoundByThemselves() throws {
    var products = Self.correlated(48, rows: 200)
    for index in 0..<48 {
      products[index, 7] = 0
      products[7, index] = 0
    }
    let format = try BlockFormat(bits: 4, blockSize: 16, isSymmetric: false)
    let weights = Self.panel(3, 48)
    let found = try ErrorPropagation(products).code(weights, format, .float32)
    #expect(zip(found.values, weights.values).allSatisfy { abs($0 - $1) < 0.4 })
    #expect(throws: OpError.self) { try ErrorPropagation(Matrix(rows: 8, columns: 8)) }
  }

  @Test func productsDoNotDependOnThreads() {
    let x = LinearAlgebraTests.matrix(300, 400)
    let sums = [1, 2, 8].map { threads in
      let products = InputProducts(count: 400)
      products.add(x, threads: threads)
      products.add(x, threads: threads)
      return products.matrix
    }
    #expect(sums[0] == sums[1] && sums[1] == sums[2])
    for (row, column) in [(3, 390), (390, 3), (191, 192), (250, 250), (399, 399), (0, 0)] {
      let exact = 2 * (0..<300).reduce(0.0) { $0 + Double(x[$1, row]) * Double(x[$1, column]) }
      #expect(abs(Double(sums[0][row, column]) - exact) < 1e-3)
    }
  }

  @Test func formatsAreChecked() {
    #expect(throws: OpError.self) { try BlockFormat(bits: 5, blockSize: 32, isSymmetric: true) }
    #expect(throws: OpError.self) { try BlockFormat(bits: 4, blockSize: 24, isSymmetric: true) }
    let broken = Tensor([Float.nan, 1, 2, 3], shape: [2, 2])
    #expect(throws: OpError.self) { try WeightMatrix(broken, isInputsFirst: true) }
  }
}
