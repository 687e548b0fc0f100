import CKernels
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Functions of the engine against the C library's in double precision.
@Suite struct EngineFunctionTests {
  /// One function, what it should be, and how many units in the last place it may be off.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let function: decant_function
    let exact: @Sendable (Double) -> Double
    let units: Double
    var range: ClosedRange<Float> = -12...12

    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "abs", function: DECANT_ABSOLUTE, exact: { abs($0) }, units: 0),
    Case(name: "erf", function: DECANT_ERF, exact: { erf($0) }, units: 2),
    Case(name: "exp", function: DECANT_EXP, exact: { exp($0) }, units: 2, range: -86...88),
    Case(name: "negate", function: DECANT_NEGATE, exact: { -$0 }, units: 0),
    Case(name: "reciprocal", function: DECANT_RECIPROCAL, exact: { 1 / $0 }, units: 0.5, range: 0.01...9),
    Case(name: "rectify", function: DECANT_RECTIFY, exact: { max($0, 0) }, units: 0),
    Case(name: "sigmoid", function: DECANT_SIGMOID, exact: { 1 / (1 + exp(-$0)) }, units: 3),
    Case(name: "sign", function: DECANT_SIGN, exact: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, units: 0),
    Case(name: "square", function: DECANT_SQUARE, exact: { $0 * $0 }, units: 0.5),
    Case(name: "square root", function: DECANT_SQUARE_ROOT, exact: { $0.squareRoot() }, units: 0.5, range: 0...100),
    Case(name: "swish", function: DECANT_SWISH, exact: { $0 / (1 + exp(-1.5 * $0)) }, units: 5, range: -2...12),
    Case(name: "tanh", function: DECANT_TANH, exact: { tanh($0) }, units: 2),
    // Far below 0 the result is tiny, and what it is off is small beside the operand.
    Case(
      name: "gelu", function: DECANT_GELU, exact: { 0.5 * $0 * erfc(-$0 * 0.5.squareRoot()) }, units: 6,
      range: -1...12),
    Case(
      name: "gelu by tanh", function: DECANT_GELU_BY_TANH,
      exact: { $0 / (1 + exp(-2 * (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }, units: 8,
      range: -1...12),
  ]

  @Test(arguments: cases) func isExactToUnits(_ one: Case) {
    let count = 400_003
    let width = one.range.upperBound - one.range.lowerBound
    let x = (0..<count).map { one.range.lowerBound + width * Float($0) / Float(count - 1) }
    var y = [Float](repeating: 0, count: count)
    unsafe decant_map_f32(one.function, 1.5, x, nil, 1, count, &y)
    var worst = (units: 0.0, at: Float.nan)
    for (operand, result) in zip(x, y) {
      let exact = one.exact(Double(operand))
      let units = abs(Double(result) - exact) / Double(max(Float(exact).magnitude.ulp, Float.leastNormalMagnitude))
      if units > worst.units { worst = (units, operand) }
    }
    #expect(worst.units <= one.units, "\(worst.units) units at \(worst.at)")
  }

  @Test func tailsOfGeluAreSmall() {
    let x = (0..<1000).map { -14 + Float($0) / 100 }
    for function in [DECANT_GELU, DECANT_GELU_BY_TANH] {
      var y = [Float](repeating: 1, count: x.count)
      unsafe decant_map_f32(function, 1, x, nil, 1, x.count, &y)
      #expect(zip(x, y).allSatisfy { $1 <= 0 && $1 >= -0.0002 || $0 > -4 })
      #expect(zip(y.dropFirst(), y).allSatisfy { $0 <= $1 + 1e-9 || $0 < -0.1 })
    }
  }

  @Test func ends() {
    let x: [Float] = [.nan, .infinity, -.infinity, 0, 200, -200]
    func of(_ function: decant_function) -> [Float] {
      var y = [Float](repeating: 0, count: x.count)
      unsafe decant_map_f32(function, 1, x, nil, 1, x.count, &y)
      return y
    }
    #expect(of(DECANT_EXP).dropFirst() == [.infinity, 0, 1, .infinity, 0])
    #expect(of(DECANT_ERF).dropFirst() == [1, -1, 0, 1, -1])
    #expect(of(DECANT_TANH).dropFirst() == [1, -1, 0, 1, -1])
    #expect(of(DECANT_SIGMOID).dropFirst() == [1, 0, 0.5, 1, 0])
    for function in [DECANT_EXP, DECANT_ERF, DECANT_TANH, DECANT_SIGMOID, DECANT_GELU, DECANT_SWISH, DECANT_RECTIFY] {
      #expect(of(function)[0].isNaN)
    }
  }

  @Test(arguments: [1, 15, 16, 33]) func biases(_ width: Int) {
    let x = (0..<3 * width).map { Float($0) / 8 - 2 }
    let bias = (0..<width).map { Float($0 % 5) - 2 }
    let sums = x.indices.map { x[$0] + bias[$0 % width] }
    var (together, apart) = ([Float](repeating: 0, count: x.count), [Float](repeating: 0, count: x.count))
    unsafe decant_map_f32(DECANT_GELU, 1, x, bias, 3, width, &together)
    unsafe decant_map_f32(DECANT_GELU, 1, sums, nil, 1, sums.count, &apart)
    #expect(together == apart)
  }
}
