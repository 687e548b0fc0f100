import DecantEngine
import DecantIR
import DecantOps
import DecantRuntime
import Testing

/// `MatMulNBits` against its definition.
@Suite struct BlockProductTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    let rows: [Int]
    let depth: Int
    let columns: Int
    let block: Int
    let bits: Int
    var zeros = true
    var bias = false
    var testDescription: String { "\(rows)x\(depth)x\(columns), \(bits) bits, blocks of \(block)" }
  }

  private static let shapes = [
    Shape(rows: [1], depth: 64, columns: 48, block: 32, bits: 4),
    Shape(rows: [2, 9], depth: 100, columns: 37, block: 16, bits: 4, bias: true),
    Shape(rows: [17], depth: 96, columns: 16, block: 32, bits: 8),
    Shape(rows: [3], depth: 130, columns: 5, block: 64, bits: 8, zeros: false, bias: true),
    Shape(rows: [1, 1], depth: 128, columns: 33, block: 128, bits: 4, zeros: false),
  ]

  /// Whole numbers up to 127, which every block has: rows of them are codes on a scale of 1.
  private static func rows(_ shape: Shape) -> Tensor {
    let count = shape.rows.reduce(1, *) * shape.depth
    let values = CodeCase.random(count, 5).enumerated().map { index, bits in
      index % shape.depth % shape.block == 0 ? Float(127) : Float(Int(bits % 255) - 127)
    }
    return Tensor(values, shape: shape.rows + [shape.depth])
  }

  private static func result(_ shape: Shape, level: Int, _ backend: any Backend, threads: Int = 1) throws -> Tensor {
    let blocks = (shape.depth - 1) / shape.block + 1
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, Self.rows(shape).type.shape))
      var operands: [ValueID?] = [
        x,
        rewriter.addInitializer(
          "codes", CodeCase.codes(.uint8, [shape.columns, blocks, shape.block * shape.bits / 8])),
        rewriter.addInitializer("scales", CodeCase.scales(shape.columns * blocks)),
        shape.zeros
          ? rewriter.addInitializer(
            "zeros", CodeCase.codes(.uint8, [shape.columns, (blocks * shape.bits - 1) / 8 + 1], seed: 8)) : nil,
      ]
      if shape.bias {
        operands += [nil, rewriter.addInitializer("bias", CodeCase.floats([shape.columns], seed: 4))]
      }
      let attributes: Attributes = [
        "K": .int(Int64(shape.depth)), "N": .int(Int64(shape.columns)), "block_size": .int(Int64(shape.block)),
        "bits": .int(Int64(shape.bits)), "accuracy_level": .int(Int64(level)),
      ]
      rewriter.addOutput("y", rewriter.add(.microsoft("MatMulNBits"), operands, attributes, name: "node"))
    }
    let executor = try Executor(Model(graph: graph), backends: [backend], options: Executor.Options(threads: threads))
    return try #require(try executor.run(["x": rows(shape)])["y"])
  }

  @Test(arguments: shapes, [0, 4]) func products(_ shape: Shape, _ level: Int) throws {
    let expected = try #require(try Self.result(shape, level: level, ReferenceBackend(StandardOps())).floats)
    let got = try Self.result(shape, level: level, NativeBackend())
    let range = try #require(expected.map(abs).max())
    let error = zip(try #require(got.floats), expected).map { abs($0 - $1) }.max() ?? 0
    #expect(error <= 1e-5 * range, "largest difference \(error) of \(range)")
    #expect(try Self.result(shape, level: level, NativeBackend(), threads: 2) == got)
  }
}
