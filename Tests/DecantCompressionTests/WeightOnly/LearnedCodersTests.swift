import DecantForms
import DecantIR
import Testing

@testable import DecantCompression

/// What the coders that look at samples, or iterate, promise against plain rounding.
@Suite struct LearnedCodersTests {
  private static let (rows, columns) = (16, 96)
  private static let weights = WeightPanel(
    rows: rows, columns: columns, values: LinearAlgebraTests.noise(rows * columns, seed: 21))

  /// Products of inputs that are mixed from sources of falling energy by fixed factors: other samples for another seed.
  private static func products(seed: UInt64) -> Matrix {
    let samples = 800
    var sources = LinearAlgebraTests.matrix(samples, columns, seed: seed)
    for row in 0..<samples { for column in 0..<columns { sources[row, column] /= Float(column + 1).squareRoot() } }
    let mixing = LinearAlgebraTests.matrix(columns, columns, seed: 77)
    var x = Matrix(rows: samples, columns: columns)
    x.add(1, sources, sources.whole, mixing, mixing.whole)
    var result = Matrix(rows: columns, columns: columns)
    result.add(1, x, MatrixPart(rows: 0..<samples, columns: 0..<columns, isTransposed: true), x, x.whole)
    return result
  }

  private static func total(_ coder: any WeightCoder, _ format: BlockFormat, _ seen: Matrix) throws -> Float {
    let codes = try coder.code(weights, format, .float32)
    #expect(codes.codes.allSatisfy { Int($0) < format.levels })
    return seen.error(of: codes, weights).reduce(0, +)
  }

  /// The ratios to rounding, on other samples than were learned from, stay under those measured with independent prototypes.
  @Test(arguments: [("seqmse", Float(0.95)), ("gptq", 0.6), ("adaround", 0.6), ("autoround", 0.75)])
  func learningHolds(_ name: String, _ bound: Float) throws {
    let (seen, heldOut) = (Self.products(seed: 3), Self.products(seed: 4))
    let coders: [String: any WeightCoder] = [
      "seqmse": SequentialSearch(products: seen), "gptq": try ErrorPropagation(seen),
      "adaround": AdaptiveRounding(products: seen), "autoround": SignRounding(products: seen),
    ]
    let coder = try #require(coders[name])
    for isSymmetric in [true, false] {
      let format = try BlockFormat(bits: 4, blockSize: 32, isSymmetric: isSymmetric)
      let rounded = try Self.total(RoundToNearest(), format, heldOut)
      let learned = try Self.total(coder, format, heldOut)
      #expect(learned < bound * rounded, "\(name): \(learned / rounded)")
      let (before, after) = (try Self.total(RoundToNearest(), format, seen), try Self.total(coder, format, seen))
      #expect(after < before)
    }
  }

  /// Each weight is at most one step from where it was, if its block can reach it.
  @Test func adaptiveRoundingGoesToNeighbours() throws {
    let format = try BlockFormat(bits: 4, blockSize: 32, isSymmetric: false)
    let found = AdaptiveRounding(products: Self.products(seed: 3)).code(Self.weights, format, .float32)
    for (index, (value, weight)) in zip(found.values, Self.weights.values).enumerated() {
      let block = index / Self.columns * found.blocks + index % Self.columns / 32
      let (scale, zero) = (found.scales[block], Float(found.zeroPoints[block]))
      let reachable = min(max(weight, -zero * scale), (15 - zero) * scale)
      #expect(abs(value - reachable) <= scale * 1.001)
    }
  }

  @Test(arguments: [2, 3, 4]) func halfQuadraticNeverLoses(_ bits: Int) throws {
    let format = try BlockFormat(bits: bits, blockSize: 32, isSymmetric: false)
    // Heavy tails: the errors of few large weights should count less.
    let tailed = WeightPanel(
      rows: Self.rows, columns: Self.columns, values: Self.weights.values.map { $0 * $0 * $0 })
    func deviations(_ rows: BlockRows) -> [Float] {
      (0..<rows.rows * rows.blocks).map { block in
        (0..<32).reduce(0) { $0 + abs(rows.values[block * 32 + $1] - tailed.values[block * 32 + $1]) }
      }
    }
    let before = deviations(RoundToNearest().code(tailed, format, .float32))
    let after = deviations(try HalfQuadratic().code(tailed, format, .float32))
    #expect(zip(after, before).allSatisfy { $0 <= $1 * 1.0001 })
    #expect(after.reduce(0, +) < 0.98 * before.reduce(0, +))
    let symmetric = try BlockFormat(bits: bits, blockSize: 32, isSymmetric: true)
    #expect(throws: OpError.self) { try HalfQuadratic().code(tailed, symmetric, .float32) }
    #expect(throws: OpError.self) { try KQuant().code(tailed, symmetric, .float32) }
  }

  /// Blocks of one value and blocks of nothing have no range to search.
  @Test func flatBlocks() throws {
    let format = try BlockFormat(bits: 4, blockSize: 16, isSymmetric: false)
    let flat = WeightPanel(
      rows: 1, columns: 40, values: [Float](repeating: 0, count: 16) + [Float](repeating: 0.5, count: 24))
    var identity = Matrix(rows: 40, columns: 40)
    for index in 0..<40 { identity[index, index] = 1 }
    let coders: [any WeightCoder] = [
      KQuant(), HalfQuadratic(), SpanRounding(), SequentialSearch(products: identity),
      AdaptiveRounding(products: identity), SignRounding(products: identity),
    ]
    for coder in coders {
      let found = try coder.code(flat, format, .float32)
      #expect(found.values.prefix(16).allSatisfy { $0 == 0 })
      #expect(found.values.allSatisfy { $0.isFinite })
    }
  }
}
