import DecantBytes
import DecantIR
import Testing

@testable import DecantCompression

@Suite struct CodebookTests {
  /// Ties and neighbours as ONNX Runtime's `quantize_matmul_bnb4` decides them.
  @Test func codesOfNumbers() {
    let numbers: [Float] = [-1, -0.84809643, -0.8480964, 0, 0.03979015, 0.039790154, 0.8614784, 0.86147845, 1]
    #expect(numbers.map(Codebook.normalFloat.code) == [0, 0, 1, 7, 7, 8, 14, 15, 15])
    let others: [Float] = [-1, -0.0026, -0.0, 0, 0.00260417, 0.0026041702, 0.3, 0.5, 0.583333, 0.7, 1]
    #expect(others.map(Codebook.float.code) == [11, 8, 0, 0, 0, 1, 4, 5, 5, 2, 3])
  }

  @Test(arguments: Codebook.allCases)
  func everyValueHasItsOwnCode(_ codebook: Codebook) {
    for (code, value) in codebook.values.enumerated() where codebook == .normalFloat || code != 8 {
      #expect(codebook.code(of: value) == UInt8(code))
    }
  }

  @Test(arguments: [false, true])
  func aProductBecomesOneOfFourBitFloats(_ doubles: Bool) throws {
    let values = (0..<16 * 32).map { Float($0 % 31) - 15 }
    var graph = Graph.build(name: "main") { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, Shape([1, 16])))
      let w = rewriter.addInitializer("w", Tensor(values, shape: [16, 32]))
      let b = rewriter.addInitializer("b", Tensor([Float](repeating: 1, count: 32)))
      rewriter.addOutput(
        "y", rewriter.add("Gemm", [x, w, b], name: "y", type: .tensor(.float32, Shape([1, 32]))))
    }
    let options = try CodebookOptions(.normalFloat, blockSize: 16, codesMagnitudes: doubles)
    #expect(try CodebookQuantization.quantize(&graph, options).weights == 1)
    let operators = graph.order.map { graph[$0].op.type }
    #expect(operators == (doubles ? ["DequantizeLinear"] : []) + ["MatMulBnb4", "Add"])
    #expect(FormConversion.convert(&graph, to: .float).left.isEmpty)
    let floats = try #require(graph.initializers.lazy.compactMap { graph[$0].constant }.first { $0.rank == 2 })
    let found = try #require(floats.array(of: Float.self))
    #expect(zip(values, found).allSatisfy { abs($0 - $1) <= 15 * 0.16 })
  }

  @Test func oddBlocksAreRefused() {
    #expect(throws: DecantError.self) { try CodebookOptions(.float, blockSize: 48) }
  }
}
