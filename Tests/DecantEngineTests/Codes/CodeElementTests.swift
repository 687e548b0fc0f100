import DecantEngine
import DecantIR
import DecantOneDNN
import DecantOps
import DecantRuntime
import Testing

/// Kernels on codes that look at one element, or one window, at a time.
@Suite struct CodeElementTests {
  private static func scalar(_ value: Float) -> Tensor { Tensor(scalar: value) }

  private static func pair(_ op: String, _ type: DataType, _ a: [Int], _ b: [Int]) -> CodeCase {
    CodeCase(
      .microsoft(op),
      [
        CodeCase.codes(type, a), scalar(0.031), CodeCase.code(type, 5), CodeCase.codes(type, b, seed: 7), scalar(0.017),
        CodeCase.code(type, 77), scalar(0.04), CodeCase.code(type, 100),
      ], given: [0, 3])
  }

  static let cases: [CodeCase] = [
    CodeCase("QuantizeLinear", [CodeCase.floats([3, 67], times: 4), scalar(0.02), CodeCase.code(.uint8, 100)]),
    CodeCase("QuantizeLinear", [CodeCase.floats([3, 67], times: 4), scalar(0.02), CodeCase.code(.int8, -1)]),
    CodeCase("QuantizeLinear", [Tensor([Float.nan, .infinity, -.infinity, 0.5, 1.5, -0.5]), scalar(1)]),
    CodeCase("DequantizeLinear", [CodeCase.codes(.uint8, [3, 67]), scalar(0.02), CodeCase.code(.uint8, 100)]),
    CodeCase("DequantizeLinear", [CodeCase.codes(.int8, [3, 67]), scalar(0.02)]),
    CodeCase("DynamicQuantizeLinear", [CodeCase.floats([5, 67], times: 3)]),
    CodeCase("DynamicQuantizeLinear", [Tensor([Float](arrayLiteral: 0, 0, 0))]),
    CodeCase("DynamicQuantizeLinear", [Tensor([Float](arrayLiteral: 1, 2.5, 4))]),
    pair("QLinearAdd", .uint8, [2, 3, 5, 7], [2, 3, 5, 7]),
    pair("QLinearAdd", .int8, [2, 35], []),
    pair("QLinearMul", .uint8, [2, 35], [1]),
    pair("QLinearMul", .int8, [2, 3, 70], [2, 3, 70]),
    CodeCase(
      .microsoft("QLinearGlobalAveragePool"),
      [
        CodeCase.codes(.uint8, [2, 19, 7, 5]), scalar(0.02), CodeCase.code(.uint8, 3), scalar(0.003),
        CodeCase.code(.uint8, 9),
      ]),
    CodeCase(
      .microsoft("QLinearGlobalAveragePool"),
      [
        CodeCase.codes(.int8, [1, 8, 4]), scalar(0.02), CodeCase.code(.int8, 3), scalar(0.01), CodeCase.code(.int8, -9),
      ]),
    CodeCase(
      .microsoft("QLinearSigmoid"),
      [CodeCase.codes(.int8, [300]), scalar(0.05), CodeCase.code(.int8, 3), scalar(0.004), CodeCase.code(.int8, -128)]),
    CodeCase(
      .microsoft("QLinearLeakyRelu"),
      [
        CodeCase.codes(.uint8, [3, 90]), scalar(0.05), CodeCase.code(.uint8, 130), scalar(0.03),
        CodeCase.code(.uint8, 20),
      ], ["alpha": .float(0.1)]),
    CodeCase(
      .microsoft("QLinearConcat"),
      [
        scalar(0.02), CodeCase.code(.uint8, 9), CodeCase.codes(.uint8, [2, 3, 4]), scalar(0.02),
        CodeCase.code(.uint8, 9), CodeCase.codes(.uint8, [2, 2, 4], seed: 2), scalar(0.03), CodeCase.code(.uint8, 100),
      ], given: [2, 5], ["axis": .int(1)]),
    CodeCase(
      "MaxPool", [CodeCase.codes(.uint8, [2, 5, 9, 10])],
      ["kernel_shape": .ints([3, 2]), "strides": .ints([2, 2]), "pads": .ints([1, 0, 1, 1])]),
    CodeCase(
      "MaxPool", [CodeCase.codes(.int8, [1, 5, 9, 10])],
      ["kernel_shape": .ints([2, 2]), "dilations": .ints([2, 3]), "ceil_mode": .int(1)]),
  ]

  @Test(arguments: cases) func elements(_ one: CodeCase) throws { try one.check() }

  /// From kernel to kernel the channels stay innermost, and come back in the end.
  @Test(arguments: [1, 2]) func channelsStayInnermost(_ threads: Int) throws {
    let graph = Graph.build { rewriter in
      func constant(_ data: Tensor) -> ValueID { rewriter.addInitializer("c", data) }
      let (scale, zero) = (constant(Tensor(scalar: Float(0.02))), constant(CodeCase.code(.uint8, 9)))
      let wide = constant(Tensor(scalar: Float(0.1)))
      let x = rewriter.addInput("x", .tensor(.uint8, [2, 6, 9, 8]))
      let w = constant(CodeCase.codes(.int8, [6, 6, 3, 3]))
      let weightScale = constant(Tensor(scalar: Float(0.01)))
      let a = rewriter.add(
        "QLinearConv", [x, scale, zero, w, weightScale, constant(CodeCase.code(.int8, 0)), wide, zero],
        ["pads": .ints([1, 1, 1, 1])], name: "a")
      let b = rewriter.add(.microsoft("QLinearAdd"), [a, wide, zero, x, scale, zero, wide, zero], name: "b")
      let c = rewriter.add("MaxPool", [b], ["kernel_shape": .ints([2, 2])], name: "c")
      let d = rewriter.add(.microsoft("QLinearSigmoid"), [c, wide, zero, scale, zero], name: "d")
      rewriter.addOutput("d", rewriter.add("DequantizeLinear", [d, scale, zero], name: "f"))
      let g = rewriter.add(.microsoft("QLinearGlobalAveragePool"), [d, scale, zero, scale, zero], name: "g")
      rewriter.addOutput("g", rewriter.add("Flatten", [g], name: "h"))
    }
    let inputs = ["x": CodeCase.codes(.uint8, [2, 6, 9, 8])]
    let reference = ReferenceBackend(StandardOps())
    let expected = try Executor(Model(graph: graph), backends: [reference]).run(inputs)
    for backends in [[NativeBackend(), reference], [try OneDNNBackend(), NativeBackend(), reference]] as [[any Backend]]
    {
      let executor = try Executor(
        Model(graph: graph), backends: backends, options: Executor.Options(threads: threads))
      let got = try executor.run(inputs)
      #expect(got["d"] == expected["d"])
      #expect(got["g"] == expected["g"])
    }
  }
}
