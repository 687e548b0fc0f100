import DecantForms
import DecantIR
import DecantPasses
import Testing

@testable import DecantCompression

@Suite struct Float8Tests {
  /// Every value of the type, every middle between neighbours, and what lies just beside it.
  @Test(arguments: Float8Type.allCases) func roundsAsTheDefinitionSays(type: Float8Type) throws {
    let layout = try #require(SmallFloat.layout(of: type.dataType))
    let values = (0..<256).map { layout.decode(UInt8($0)) }.filter(\.isFinite).sorted()
    var probes = values
    for (low, high) in zip(values, values.dropFirst()) {
      let middle = (low + high) / 2
      probes += [middle, middle.nextUp, middle.nextDown, low.nextUp, high.nextDown]
    }
    probes += [type.greatest * 2, -type.greatest * 2, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0]
    for value in probes {
      #expect(type.code(of: value) == layout.encode(value, saturate: true), "\(value)")
    }
  }

  @Test func theLargestOfAChannelIsTheLargestOfTheType() throws {
    let weight = try Float8Weight(Tensor([1, -2, 0, 0, 0.5, 0.25] as [Float], shape: [3, 2]), .e4m3, axis: 0)
    #expect(weight.scales.floats == [2 / 448, 1, 0.5 / 448])
    #expect(weight.codes.floats == [224, -448, 0, 0, 448, 224])
  }

  @Test func valuesThatAreNotFiniteAreRefusedByIndex() {
    #expect(throws: OpError("the element 2 is inf; weights must be finite to be quantized")) {
      try Float8Weight(Tensor([1, 2, .infinity] as [Float]), .e5m2, axis: nil)
    }
  }

  @Test func weightsStandBehindDequantizeLinear() throws {
    let numbers = (0..<256).map { "\($0)" }.joined(separator: ", ")
    var model = Model(
      graph: try TextForm.parseGraph(
        """
        graph @g(%x: f32[1,16]) -> (%y: f32[1,16]) {
          %w: f32[16,16] = initializer [\(numbers)]
          %b: f32[16] = initializer [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
          %y: f32[1,16] = Gemm(%x, %w, %b) @product
          return %y }
        """))
    _ = try Pipeline(parsing: "infer-types").run(on: &model)
    let ranges = CalibratedRanges(byName: ["x": TensorRange(-1, 2)])
    let report = try Float8Conversion.convert(&model.graph, Float8Options(.e4m3, ranges: ranges))
    #expect(Verifier.problem(in: model.graph) == nil)
    _ = try Pipeline(parsing: "infer-types").run(on: &model)
    #expect(report.decisions.map(\.outcome) == ["weight per channel of axis 1, activation 'x'"])
    #expect(
      model.graph.order.map { model.graph[$0].op.type }
        == ["QuantizeLinear", "DequantizeLinear", "DequantizeLinear", "Gemm"])
    let names = model.graph.initializers.map { "\(model.graph[$0].name): \(model.graph[$0].type)" }
    #expect(
      names.sorted() == [
        "b: f32[16]", "w_quantized: f8e4m3fn[16,16]", "w_scale: f32[16]", "x_scale: f32[]", "x_zero_point: f8e4m3fn[]",
      ])
  }
}
