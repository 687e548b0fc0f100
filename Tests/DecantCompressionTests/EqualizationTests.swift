import DecantIR
import DecantOps
import DecantRuntime
import Testing

@testable import DecantCompression

/// Layers in a row share ranges, and the function stays.
@Suite struct EqualizationTests {
  /// `y = Conv(Clip(Conv(x), 0, limit))` of 1 by 1 kernels; the channels between reach as far as `reaches`.
  private func network(_ reaches: [Float], limit: Float?, hasOtherReader: Bool = false) -> Graph {
    Graph.build { rewriter in
      let (count, type) = (reaches.count, ValueType.tensor(.float32, Shape([1, reaches.count, 2, 2])))
      let x = rewriter.addInput("x", .tensor(.float32, Shape([1, 2, 2, 2])))
      let first = reaches.flatMap { [$0, -$0 / 2] }
      let w1 = rewriter.addInitializer("w1", Tensor(first, shape: [count, 2, 1, 1]))
      let b1 = rewriter.addInitializer("b1", Tensor(reaches.map { $0 / 4 }))
      let a = rewriter.add("Conv", [x, w1, b1], name: "a", type: type)
      var operands: [ValueID?] = [a]
      if let limit {
        operands.append(rewriter.addInitializer("zero", Tensor(scalar: Float(0))))
        operands.append(rewriter.addInitializer("limit", Tensor(scalar: limit)))
      }
      let h = rewriter.add(limit == nil ? "Relu" : "Clip", operands, name: "h", type: type)
      let second = reaches.flatMap { [1 / $0] } + reaches.map { -0.5 / $0 }
      let w2 = rewriter.addInitializer("w2", Tensor(second, shape: [2, count, 1, 1]))
      let y = rewriter.add("Conv", [h, w2], name: "y", type: .tensor(.float32, Shape([1, 2, 2, 2])))
      rewriter.addOutput("y", y)
      if hasOtherReader { rewriter.addOutput("h", h) }
    }
  }

  private func run(_ graph: Graph) throws -> [Float] {
    let x = Tensor([0.5, -1, 2, 4, 1, 1, -2, 3] as [Float], shape: [1, 2, 2, 2])
    let executor = try Executor(Model(graph: graph), backends: [ReferenceBackend(StandardOps())])
    return try #require(try executor.run(["x": x])["y"]?.floats)
  }

  private func expectSameFunction(_ graph: Graph) throws -> (Graph, [QuantizationReport.Step]) {
    var changed = graph
    let steps = try CrossLayerEqualization.equalize(&changed, StaticQuantizationOptions())
    for (before, after) in zip(try run(graph), try run(changed)) {
      #expect(abs(before - after) < 1e-5 * max(1, abs(before)))
    }
    return (changed, steps)
  }

  @Test func channelsReachEquallyFarOnBothSides() throws {
    let (graph, steps) = try expectSameFunction(network([0.1, 1, 30], limit: nil))
    #expect(steps.map(\.step) == ["equalize"])
    let w1 = try #require(graph.value(named: "w1").flatMap { graph[$0].constant?.floats })
    let w2 = try #require(graph.value(named: "w2").flatMap { graph[$0].constant?.floats })
    for channel in 0..<3 { #expect(abs(w1[2 * channel] - w2[channel]) < 1e-3) }
  }

  @Test func aClipGetsABoundForEachChannel() throws {
    let (graph, _) = try expectSameFunction(network([0.1, 1, 30], limit: 6))
    #expect(graph.order.map { graph[$0].op.type } == ["Conv", "Relu", "Min", "Conv"])
    let bounds = try #require(graph.value(named: "h_bounds").flatMap { graph[$0].constant })
    #expect(bounds.shape == [3, 1, 1])
  }

  @Test func aClipStaysWhereChannelsAreNearlyEqual() throws {
    let (graph, steps) = try expectSameFunction(network([0.5, 1, 2], limit: 6))
    #expect(steps.isEmpty)
    #expect(graph.order.map { graph[$0].op.type } == ["Conv", "Clip", "Conv"])
  }

  @Test func anotherReaderKeepsAPairAsItIs() throws {
    let (_, steps) = try expectSameFunction(network([0.1, 1, 30], limit: nil, hasOtherReader: true))
    #expect(steps.isEmpty)
  }

  @Test func aDepthwiseLayerPassesFactorsOn() throws {
    let weight = Tensor([1, 10, 100, 1, 10, 100] as [Float], shape: [6, 1, 1, 1])
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, Shape([1, 3, 1, 1])))
      let w = rewriter.addInitializer("w", weight)
      let y = rewriter.add(
        "Conv", [x, w], ["group": .int(3)], name: "y", type: .tensor(.float32, Shape([1, 6, 1, 1])))
      rewriter.addOutput("y", y)
    }
    let node = try #require(graph.firstNode)
    var layer = try #require(EqualizedLayer(node, in: graph))
    #expect(layer.inputReaches(channels: 3) == [10, 100, 100])
    layer.multiplyInputs(by: [1, 2, 3])
    layer.divideOutputs(by: [1, 1, 1, 1, 2, 1])
    #expect(layer.weight == [1, 10, 200, 2, 15, 300])
  }
}
