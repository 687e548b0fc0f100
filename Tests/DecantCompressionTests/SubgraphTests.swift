import DecantBytes
import DecantForms
import DecantIR
import Testing

@testable import DecantCompression

@Suite struct SubgraphTests {
  /// `y = If(c) { MatMul(x, w) } { MatMul(x, w) }`, each branch with its weight.
  private func branches() throws -> Graph {
    func branch(_ sign: Float) -> Graph {
      Graph.build(name: "branch") { rewriter in
        let x = rewriter.addInput("x", .tensor(.float32, Shape([2, 32])))
        let w = rewriter.addInitializer("w", Tensor([Float](repeating: sign, count: 1024), shape: [32, 32]))
        let y = rewriter.add("MatMul", [x, w], name: "p", type: .tensor(.float32, Shape([2, 32])))
        rewriter.addOutput("p", y)
      }
    }
    let text = """
      model "m" opset 24
      graph @main(%c: bool[], %x: f32[2,32]) -> (%y: f32[2,32]) {
        %y = If(%c) captures (%x) {else_branch: graph @no(%x) -> (%x) { return %x }, then_branch: graph @yes(%x) -> (%x) { return %x }} @choice
        return %y
      }
      """
    var graph = try TextForm.parse(ByteSlice(copying: text.utf8), path: "m.txt").graph
    let node = try #require(graph.order.first)
    graph.edit { rewriter in
      rewriter.setAttribute(node, "then_branch", .graph(branch(1)))
      rewriter.setAttribute(node, "else_branch", .graph(branch(-1)))
    }
    return graph
  }

  private func operators(_ graph: Graph) -> [[String]] {
    graph.order.flatMap { id in graph[id].subgraphs.map { inner in inner.graph.order.map { inner.graph[$0].op.type } } }
  }

  @Test func dynamicQuantizationGoesInside() throws {
    var graph = try branches()
    let report = try DynamicQuantization.quantize(&graph, options: DynamicQuantizationOptions())
    #expect(operators(graph).allSatisfy { $0.contains("MatMulInteger") && !$0.contains("MatMul") })
    #expect(report.weights == 2 && report.skipped.isEmpty)
    #expect(report.decisions.map(\.node).contains("choice / p"))
  }

  @Test func weightsInsideBecomeBlocks() throws {
    var graph = try branches()
    let algorithm = try #require(WeightAlgorithm.named("rtn"))
    let options = WeightOnlyOptions(try BlockFormat(bits: 4, blockSize: 32, isSymmetric: true), algorithm: algorithm)
    let report = try WeightOnlyQuantization.quantize(&graph, options.scheme())
    #expect(operators(graph) == [["MatMulNBits"], ["MatMulNBits"]])
    #expect(report.weights == 2)
  }

  /// `y = If(c) { MatMul(x, w) } { MatMul(x, w) }` with one weight outside.
  private func shared() -> Graph {
    let float = ValueType.tensor(.float32, Shape([2, 32]))
    let branch = Graph.build(name: "branch") { rewriter in
      let x = rewriter.addInput("x", float)
      let w = rewriter.addInput("w", .tensor(.float32, Shape([32, 32])))
      rewriter.addOutput("p", rewriter.add("MatMul", [x, w], name: "p", type: float))
    }
    return Graph.build(name: "main") { rewriter in
      let c = rewriter.addInput("c", .tensor(.bool, []))
      let x = rewriter.addInput("x", float)
      let w = rewriter.addInitializer("w", Tensor([Float](repeating: 1, count: 1024), shape: [32, 32]))
      let node = rewriter.addNode(
        "If", [c, x, w], ["then_branch": .graph(branch), "else_branch": .graph(branch)], name: "choice",
        resultNames: ["y"], resultTypes: [float], captureCount: 2)
      if let y = rewriter.graph[node].result(0) { rewriter.addOutput("y", y) }
    }
  }

  @Test func capturedWeightsBecomeCodesInside() throws {
    var graph = shared()
    let algorithm = try #require(WeightAlgorithm.named("rtn"))
    let options = WeightOnlyOptions(try BlockFormat(bits: 4, blockSize: 32, isSymmetric: true), algorithm: algorithm)
    #expect(try WeightOnlyQuantization.quantize(&graph, options.scheme()).weights == 2)
    #expect(operators(graph) == [["MatMulNBits"], ["MatMulNBits"]])
    let node = graph[try #require(graph.order.first)]
    #expect(node.captureCount == 1 && node.subgraphs.allSatisfy { $0.graph.inputs.count == 1 })
    #expect(graph.initializers.isEmpty)
    var dynamic = shared()
    #expect(try DynamicQuantization.quantize(&dynamic, options: DynamicQuantizationOptions()).weights == 2)
    #expect(operators(dynamic).allSatisfy { $0.contains("MatMulInteger") } && dynamic.initializers.isEmpty)
  }

  @Test func capturedWeightsThatStayAreCapturedAgain() throws {
    var graph = shared()
    let before = graph
    var options = DynamicQuantizationOptions()
    options.exclude = [.named("choice")]
    #expect(try DynamicQuantization.quantize(&graph, options: options).weights == 0)
    #expect(graph == before)
  }

  @Test func whoIsExcludedKeepsItsBranches() throws {
    var graph = try branches()
    var options = DynamicQuantizationOptions()
    options.exclude = [.named("choice")]
    let report = try DynamicQuantization.quantize(&graph, options: options)
    #expect(operators(graph) == [["MatMul"], ["MatMul"]])
    #expect(report.weights == 0)
  }

  @Test func aRecurrenceComesBackToFloats() throws {
    var graph = Graph.build(name: "main") { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, Shape([3, 1, 2])))
      let w = rewriter.addInitializer("w", Tensor((0..<8).map { Float($0) - 4 }, shape: [1, 4, 2]))
      let r = rewriter.addInitializer("r", Tensor([1, -1, 2, -2] as [Float], shape: [1, 4, 1]))
      let y = rewriter.add(
        "LSTM", [x, w, r], ["hidden_size": .int(1)], name: "y", type: .tensor(.float32, Shape([3, 1, 1, 1])))
      rewriter.addOutput("y", y)
    }
    let untouched = try DynamicQuantization.quantize(&graph, options: DynamicQuantizationOptions())
    #expect(untouched.weights == 0 && untouched.skipped.isEmpty)
    var options = DynamicQuantizationOptions()
    options.include = [NodeSelector("LSTM")]
    let report = try DynamicQuantization.quantize(&graph, options: options)
    #expect(report.weights == 2)
    #expect(graph.order.map { graph[$0].op } == [.microsoft("DynamicQuantizeLSTM")])
    #expect(FormConversion.convert(&graph, to: .float).converted == 1)
    let node = graph[try #require(graph.order.first)]
    #expect(node.op == "LSTM")
    let w = try #require(node.operand(1).flatMap { graph[$0].constant }?.floats)
    #expect(zip(w, (0..<8).map { Float($0) - 4 }).allSatisfy { abs($0 - $1) < 0.02 })
    let r = try #require(node.operand(2).flatMap { graph[$0].constant }?.floats)
    #expect(r == [1, -1, 2, -2])
  }
}
