import DecantBytes
import DecantForms
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
    #expect(try WeightOnlyQuantization.quantize(&graph, options.scheme).weights == 1)
    let operators = graph.order.map { graph[$0].op.type }
    #expect(operators == (doubles ? ["DequantizeLinear"] : []) + ["MatMulBnb4", "Add"])
    #expect(FormConversion.convert(&graph, to: .float).left.isEmpty)
    let floats = try #require(graph.initializers.lazy.compactMap { graph[$0].constant }.first { $0.rank == 2 })
    let found = try #require(floats.array(of: Float.self))
    #expect(zip(values, found).allSatisfy { abs($0 - $1) <= 15 * 0.16 })
  }

  /// Inputs that always come together share their errors: what one lost, the other makes up for.
  @Test(arguments: Codebook.allCases)
  func errorsAreSpreadOverInputsThatGoTogether(_ codebook: Codebook) throws {
    let (inputs, outputs, rows) = (32, 24, 200)
    func number(_ seed: Int) -> Float { Float((seed &* 2_654_435_761) >> 8 & 0xFFFF) / 32768 - 1 }
    let values = (0..<inputs * outputs).map(number)
    let x = (0..<rows).flatMap { row in
      (0..<inputs).map { input in number(row * 7 + input / 4 + 9999) + 0.2 * number(row * inputs + input + 77) }
    }
    let products = InputProducts(count: inputs)
    products.add(Matrix(rows: rows, columns: inputs, elements: x), threads: 1)
    let weight = try WeightMatrix(Tensor(values, shape: [inputs, outputs]), isInputsFirst: true)
    func error(_ products: InputProducts?) throws -> Float {
      let made = try CodebookWeight(
        weight, codebook, blockSize: 16, type: .float32, products: products, threads: 1)
      let codes = try #require(made.codes.array(of: UInt8.self))
      let magnitudes = try #require(made.magnitudes.array(of: Float.self))
      let off = (0..<inputs * outputs).map { place in
        let (output, input) = (place / inputs, place % inputs)
        let code = place % 2 == 0 ? codes[place / 2] >> 4 : codes[place / 2] & 15
        return codebook.values[Int(code)] * magnitudes[place / 16] - values[input * outputs + output]
      }
      return (0..<rows).reduce(Float(0)) { sum, row in
        (0..<outputs).reduce(sum) { sum, output in
          let product = (0..<inputs).reduce(Float(0)) { $0 + x[row * inputs + $1] * off[output * inputs + $1] }
          return sum + product * product
        }
      }
    }
    let (rounded, spread) = (try error(nil), try error(products))
    #expect(spread < 0.5 * rounded)
  }

  @Test func oddBlocksAreRefused() {
    #expect(throws: DecantError.self) { try CodebookOptions(.float, blockSize: 48) }
  }
}
