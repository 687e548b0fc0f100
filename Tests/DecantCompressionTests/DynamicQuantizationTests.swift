import DecantBytes
import DecantCompression
import DecantIR
import Testing

@Suite struct DynamicQuantizationTests {
  /// `y = Gemm(x, w, b)` with the second factor transposed.
  private func dense(_ weight: [Float] = [2, -2, 8, 8]) -> Graph {
    Graph.build(name: "main") { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, Shape([3, 2])))
      let w = rewriter.addInitializer("w", Tensor(weight, shape: [2, 2]))
      let b = rewriter.addInitializer("b", Tensor([1, 2] as [Float]))
      let y = rewriter.add(
        "Gemm", [x, w, b], ["transB": .int(1)], name: "y", type: .tensor(.float32, Shape([3, 2])))
      rewriter.addOutput("y", y)
    }
  }

  private func operators(_ graph: Graph) -> [String] { graph.order.map { graph[$0].op.type } }

  @Test func aGemmIsSplitAndItsProductInteger() throws {
    var graph = dense()
    let report = try DynamicQuantization.quantize(&graph, options: DynamicQuantizationOptions())
    #expect(operators(graph) == ["DynamicQuantizeLinear", "MatMulInteger", "Cast", "Mul", "Mul", "Add"])
    #expect(report.weights == 1)
    let codes = try #require(graph.value(named: "w_quantized").flatMap { graph[$0].constant })
    #expect(codes == Tensor([127, 127, -127, 127] as [Int8], shape: [2, 2]))
    #expect(graph.value(named: "w") == nil)
  }

  @Test func aWeightThatIsNotFiniteIsRefused() {
    var graph = dense([1, .infinity, 0, 0])
    #expect(throws: DecantError.self) {
      try DynamicQuantization.quantize(&graph, options: DynamicQuantizationOptions())
    }
  }

  @Test func fourBitWeightsAreRefused() {
    var graph = dense()
    #expect(throws: DecantError.self) {
      try DynamicQuantization.quantize(&graph, options: DynamicQuantizationOptions(weightType: .int4))
    }
  }
}
