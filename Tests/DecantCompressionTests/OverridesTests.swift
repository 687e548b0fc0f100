import DecantBytes
import DecantForms
import DecantIR
import Testing

@testable import DecantCompression

@Suite struct OverridesTests {
  private func parse(_ text: String) throws -> TensorOverrides {
    try OverridesFile.parse(JSON(parsing: text))
  }

  @Test func keysAreThoseOfOnnxRuntime() throws {
    let read = try parse(
      #"{"w": [{"quant_type": "QInt16", "axis": 0, "rmax": 2}, {"rmin": -1}], "x": [{"scale": [0.5], "zero_point": 3}]}"#
    )
    #expect(read["w"]?.count == 2)
    #expect(read["w"]?[0].type == .int16 && read["w"]?[0].axis == 0 && read["w"]?[0].high == 2)
    #expect(read["x"]?[0].parameters == AffineParameters(scale: 0.5, zeroPoint: 3))
  }

  @Test(arguments: [
    (#"[]"#, "an object"), (#"{"x": {}}"#, "a list"), (#"{"x": [{"scale": 1}]}"#, "both or neither"),
    (#"{"x": [{"scale": 0, "zero_point": 0}]}"#, "above 0"), (#"{"x": [{"scales": 1}]}"#, "no override 'scales'"),
    (#"{"x": [{"scale": 1, "zero_point": 0, "symmetric": true}]}"#, "leaves nothing"),
    (#"{"x": [{"convert": {}}]}"#, "'convert' is not supported"), (#"{"x": [{"quant_type": "float"}]}"#, "QInt8"),
    (#"{"x": [{"rmin": 2, "rmax": 1}]}"#, "up to 'rmax'"), (#"{"x": [{"rmin": "a"}]}"#, "a number"),
    (#"{"x": [{}, {}]}"#, "expected an 'axis'"), (#"{"x": [{"axis": 1e9}]}"#, "whole number"),
  ])
  func whatMeansNothingIsRefused(_ text: String, _ reason: String) throws {
    let error = #expect(throws: OpError.self) { try parse(text) }
    #expect(error?.message.contains(reason) ?? false, "\(error?.message ?? "")")
  }

  /// `y = MatMul(x, w)` with overrides.
  private func quantized(_ overrides: TensorOverrides) throws -> Graph {
    var graph = Graph.build(name: "main") { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, Shape([1, 2])))
      let w = rewriter.addInitializer("w", Tensor([1, -2, 3, 4] as [Float], shape: [2, 2]))
      rewriter.addOutput("y", rewriter.add("MatMul", [x, w], name: "y", type: .tensor(.float32, Shape([1, 2]))))
    }
    var options = StaticQuantizationOptions(style: .onnxRuntime, isPerChannel: false)
    options.overrides = overrides
    let ranges = CalibratedRanges(byName: ["x": TensorRange(-1, 2), "y": TensorRange(-1, 1)])
    _ = try StaticQuantization.quantize(&graph, ranges: ranges, options: options, opset: 17)
    return graph
  }

  private func constant(_ graph: Graph, _ name: String) throws -> Tensor {
    try #require(graph.value(named: name).flatMap { graph[$0].constant })
  }

  @Test func whatIsGivenIsTaken() throws {
    let graph = try quantized(
      parse(#"{"x": [{"scale": 0.5, "zero_point": 7}], "w": [{"quant_type": "QUInt8", "rmin": 0, "rmax": 255}]}"#))
    #expect(try constant(graph, "x_scale") == Tensor(scalar: Float(0.5)))
    #expect(try constant(graph, "x_zero_point") == Tensor(scalar: UInt8(7)))
    #expect(try constant(graph, "w_quantized") == Tensor([1, 0, 3, 4] as [UInt8], shape: [2, 2]))
  }

  @Test func activationsHaveTheirTypes() throws {
    let graph = try quantized(parse(#"{"x": [{"quant_type": "QInt16", "symmetric": true}]}"#))
    #expect(try constant(graph, "x_zero_point") == Tensor(scalar: Int16(0)))
    #expect(try constant(graph, "x_scale") == Tensor(scalar: Float(4.0 / 65534)))
    #expect(try constant(graph, "y_zero_point").dataType == .uint8)
  }

  @Test(arguments: [
    (#"{"z": [{}]}"#, "no tensor"), (#"{"x": [{"axis": 0}]}"#, "no constant"), (#"{"w": [{"axis": 2}]}"#, "-2..<2"),
    (#"{"w": [{"axis": 0}, {"axis": 0}, {"axis": 0}]}"#, "one a channel"),
    (#"{"w": [{"scale": 1, "zero_point": 300}]}"#, "-128...127"),
  ])
  func whatFitsNoTensorIsRefused(_ text: String, _ reason: String) throws {
    let overrides = try parse(text)
    let error = #expect(throws: DecantError.self) { try quantized(overrides) }
    #expect(error?.message.contains(reason) ?? false, "\(error?.message ?? "")")
  }
}

@Suite struct TensorRTCacheTests {
  @Test func aCacheIsReadAndWritten() throws {
    let text = "TRT-8601-EntropyCalibration2\nconv1: 3c010a14\na: b: 3f800000\nzero: 0\n\n"
    let read = try TensorRTCache.parse(text)
    #expect(read.header == "TRT-8601-EntropyCalibration2")
    let limit = Float(bitPattern: 0x3c01_0a14) * 127
    #expect(read.ranges.byName["conv1"] == TensorRange(-limit, limit))
    #expect(read.ranges.byName["a: b"] == TensorRange(-127, 127))
    #expect(read.ranges.byName["zero"] == TensorRange(0, 0))
    let ranges = CalibratedRanges(byName: ["x": TensorRange(-3, 127), "conv1": TensorRange(-1, 0.5)])
    #expect(
      try TensorRTCache.text(ranges, method: .entropy)
        == "TRT-100000-EntropyCalibration2\nconv1: 3c010204\nx: 3f800000\n")
  }

  @Test(arguments: [
    "", "hello\n", "TRT-1\nx", "TRT-1\nx: 1g", "TRT-1\nx: 3f8000000", "TRT-1\nx: ff800000", "TRT-1\nx: bf800000",
    "TRT-1\nx: 1\nx: 1",
  ])
  func whatIsNoCacheIsRefused(_ text: String) {
    #expect(throws: OpError.self) { try TensorRTCache.parse(text) }
  }
}
