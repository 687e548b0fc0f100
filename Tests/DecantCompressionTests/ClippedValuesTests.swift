import DecantForms
import DecantIR
import Testing

@testable import DecantCompression

/// What an activation function alone reads is not watched, and is quantized as if it had been.
@Suite struct ClippedValuesTests {
  /// `y = Conv(Relu(Conv(x, w)), w)`; with `isRead` the inner convolution is an output too.
  private func layers(isRead: Bool) -> Graph {
    Graph.build(name: "main") { rewriter in
      let type = ValueType.tensor(.float32, Shape([1, 1, 4, 4]))
      let x = rewriter.addInput("x", type)
      let w = rewriter.addInitializer("w", Tensor([0.5] as [Float], shape: [1, 1, 1, 1]))
      let c = rewriter.add("Conv", [x, w], name: "c", type: type)
      let r = rewriter.add("Relu", [c], name: "r", type: type)
      rewriter.addOutput("y", rewriter.add("Conv", [r, w], name: "y", type: type))
      if isRead { rewriter.addOutput("c", c) }
    }
  }

  private func watched(_ graph: Graph, _ options: StaticQuantizationOptions, forFile: Bool = false) throws -> [String] {
    try StaticQuantization.valuesToCalibrate(graph, options: options, forFile: forFile).map { graph[$0].name }
  }

  @Test func onlyWhatIsReadElsewhereIsWatched() throws {
    let options = StaticQuantizationOptions()
    #expect(try watched(layers(isRead: false), options) == ["x", "r", "y"])
    #expect(try watched(layers(isRead: false), options, forFile: true) == ["x", "c", "r", "y"])
    #expect(try watched(layers(isRead: true), options) == ["x", "c", "r", "y"])
    #expect(
      try watched(layers(isRead: false), StaticQuantizationOptions(style: .onnxRuntime)) == ["x", "c", "r", "y"])
  }

  @Test(arguments: [false, true]) func codesAreThoseOfTheResult(_ keepsActivations: Bool) throws {
    var options = StaticQuantizationOptions()
    options.keepsActivations = keepsActivations
    var ranges = CalibratedRanges(byName: ["x": TensorRange(-1, 1), "r": TensorRange(0, 2), "y": TensorRange(0, 1)])
    var graphs: [Graph] = []
    for known in [nil, TensorRange(0, 2)] {
      ranges.byName["c"] = known
      var graph = layers(isRead: false)
      let report = try StaticQuantization.quantize(&graph, ranges: ranges, options: options, opset: 17)
      #expect(report.removedActivations == (keepsActivations ? 0 : 1))
      graphs.append(graph)
    }
    #expect(graphs[0] == graphs[1])
  }
}
