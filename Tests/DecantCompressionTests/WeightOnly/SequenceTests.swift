import DecantBytes
import DecantForms
import DecantIR
import DecantOps
import DecantRuntime
import Testing

@testable import DecantCompression

/// Weights that learn one after the other see what the codes of those before them give.
@Suite struct SequenceTests {
  private static let (rows, columns) = (64, 32)

  /// `y = Relu(x w0) w1`, and `z = Relu(x w0) w2` beside it.
  private static func network() -> Graph {
    Graph.build(name: "main") { graph in
      let type = ValueType.tensor(.float32, Shape([rows, columns]))
      func weight(_ index: Int) -> ValueID {
        let values = LinearAlgebraTests.noise(columns * columns, seed: UInt64(index + 5))
        return graph.addInitializer("w\(index)", Tensor(values, shape: [columns, columns]))
      }
      let x = graph.addInput("x", type)
      let h = graph.add("MatMul", [x, weight(0)], name: "h", type: type)
      let relu = graph.add("Relu", [h], name: "r", type: type)
      for (index, name) in ["y", "z"].enumerated() {
        graph.addOutput(name, graph.add("MatMul", [relu, weight(index + 1)], name: name, type: type))
      }
    }
  }

  private static func value(_ graph: Graph, _ value: ValueID) throws(DecantError) -> Matrix {
    var part = graph
    part.edit { rewriter in
      for index in graph.outputs.indices { rewriter.replace(.output(index: index), with: value) }
    }
    let executor = try Executor(Model(graph: part), backends: [ReferenceBackend(StandardOps())])
    let x = Tensor(LinearAlgebraTests.noise(rows * columns, seed: 1), shape: [rows, columns])
    let found = try executor.run(["x": x])["y"]?.floats ?? []
    return Matrix(rows: rows, columns: columns, elements: found)
  }

  private static func observe(_ input: ValueID, _ graph: Graph) throws(DecantError) -> InputProducts? {
    let products = InputProducts(count: columns)
    products.add(try value(graph, input), threads: 1)
    return products
  }

  private static func quantized(_ observe: WeightOnlyQuantization.Observation?) throws -> (Graph, QuantizationReport) {
    var graph = network()
    let format = try BlockFormat(bits: 2, blockSize: 16, isSymmetric: false)
    let gptq = try #require(WeightAlgorithm.named("gptq"))
    let scheme = WeightOnlyOptions(format, algorithm: gptq, form: .dequantize).scheme()
    var products: [ValueID: InputProducts] = [:]
    for input in try WeightOnlyQuantization.valuesToCollect(graph, scheme) {
      products[input] = try Self.observe(input, graph)
    }
    let report = try WeightOnlyQuantization.quantize(
      &graph, scheme, products: products, observe: observe, threads: 1)
    return (graph, report)
  }

  @Test func laterWeightsSeeEarlierCodes() throws {
    let (together, _) = try Self.quantized(nil)
    let (sequential, report) = try Self.quantized { (input, graph) throws(DecantError) in try Self.observe(input, graph)
    }
    func codes(_ graph: Graph, _ name: String) -> Tensor? { graph.value(named: name).flatMap { graph[$0].constant } }
    // The first weight has nothing before it; the others learn from other inputs.
    #expect(codes(together, "w0_DQ_Q2") == codes(sequential, "w0_DQ_Q2"))
    #expect(codes(together, "w1_DQ_Q2") != codes(sequential, "w1_DQ_Q2"))
    #expect(codes(together, "w2_DQ_Q2") != codes(sequential, "w2_DQ_Q2"))
    #expect(report.notes.count == 1 && report.weights == 3)
    // What they learn from is what they meet: against that, they are at least as good.
    let float = Self.network()
    let relu = try #require(float.value(named: "r"))
    let met = try Self.value(sequential, relu)
    func error(_ graph: Graph, _ index: Int) throws -> Float {
      let name = "w\(index)_DQ_Q2_output"
      let weight = try #require(graph.value(named: name))
      var plain = graph
      plain.edit { $0.replace(.output(index: 0), with: weight) }
      let executor = try Executor(Model(graph: plain), backends: [ReferenceBackend(StandardOps())])
      let x = Tensor(LinearAlgebraTests.noise(Self.rows * Self.columns, seed: 1), shape: [Self.rows, Self.columns])
      let found = try #require(try executor.run(["x": x])["y"]?.floats)
      let exact = LinearAlgebraTests.noise(Self.columns * Self.columns, seed: UInt64(index + 5))
      let off = Matrix(rows: Self.columns, columns: Self.columns, elements: zip(found, exact).map { $0 - $1 })
      var result = Matrix(rows: Self.rows, columns: Self.columns)
      result.add(1, met, met.whole, off, off.whole)
      return result.elements.reduce(0) { $0 + $1 * $1 }
    }
    #expect(try error(sequential, 1) + error(sequential, 2) < error(together, 1) + error(together, 2))
  }
}
