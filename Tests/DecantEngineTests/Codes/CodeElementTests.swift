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

  static let cases: [CodeCase] =
    [
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
          CodeCase.codes(.int8, [1, 8, 4]), scalar(0.02), CodeCase.code(.int8, 3), scalar(0.01),
          CodeCase.code(.int8, -9),
        ]),
      CodeCase(
        .microsoft("QLinearSigmoid"),
        [
          CodeCase.codes(.int8, [300]), scalar(0.05), CodeCase.code(.int8, 3), scalar(0.004),
          CodeCase.code(.int8, -128),
        ]),
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
          CodeCase.code(.uint8, 9), CodeCase.codes(.uint8, [2, 2, 4], seed: 2), scalar(0.03),
          CodeCase.code(.uint8, 100),
        ], given: [2, 5], ["axis": .int(1)]),
      CodeCase(
        "MaxPool", [CodeCase.codes(.uint8, [2, 5, 9, 10])],
        ["kernel_shape": .ints([3, 2]), "strides": .ints([2, 2]), "pads": .ints([1, 0, 1, 1])]),
      CodeCase(
        "MaxPool", [CodeCase.codes(.int8, [1, 5, 9, 10])],
        ["kernel_shape": .ints([2, 2]), "dilations": .ints([2, 3]), "ceil_mode": .int(1)]),
    ]

  /// Cases of either type.
  static func byType(_ type: DataType) -> [CodeCase] {
    let grid = [scalar(0.021), CodeCase.code(type, 7), scalar(0.017), CodeCase.code(type, 90)]
    let sharp = [scalar(0.11), CodeCase.code(type, 7), scalar(0.0039), CodeCase.code(type, type == .int8 ? -128 : 0)]
    return [
      CodeCase(
        .microsoft("QLinearAveragePool"), [CodeCase.codes(type, [2, 5, 9, 10])] + grid,
        ["kernel_shape": .ints([3, 2]), "strides": .ints([2, 2]), "pads": .ints([1, 0, 1, 1])]),
      CodeCase(
        .microsoft("QLinearAveragePool"), [CodeCase.codes(type, [1, 19, 9, 7])] + grid,
        [
          "kernel_shape": .ints([2, 3]), "pads": .ints([1, 2, 1, 0]), "count_include_pad": .int(1),
          "ceil_mode": .int(1), "strides": .ints([2, 3]),
        ]),
      CodeCase(.microsoft("QLinearSoftmax"), [CodeCase.codes(type, [3, 4, 33])] + sharp, ["opset": .int(13)]),
      CodeCase(.microsoft("QLinearSoftmax"), [CodeCase.codes(type, [2, 5, 7])] + sharp, ["opset": .int(11)]),
      CodeCase(.microsoft("QLinearSoftmax"), [CodeCase.codes(type, [2, 3000])] + sharp, ["opset": .int(13)]),
      CodeCase(
        "DequantizeLinear", [CodeCase.codes(type, [5, 67]), CodeCase.scales(67), CodeCase.codes(type, [67], seed: 3)]),
      CodeCase(
        "DequantizeLinear", [CodeCase.codes(type, [2, 3, 35]), CodeCase.scales(3), CodeCase.codes(type, [3], seed: 3)]),
      CodeCase("DequantizeLinear", [CodeCase.codes(type, [9, 4]), CodeCase.scales(9)], ["axis": .int(-2)]),
      // More than one thread's share.
      CodeCase("DequantizeLinear", [CodeCase.codes(type, [1100, 512]), scalar(0.02), CodeCase.code(type, 100)]),
      CodeCase("QuantizeLinear", [CodeCase.floats([1100, 512], times: 4), scalar(0.02), CodeCase.code(type, 100)]),
      pair("QLinearAdd", type, [3, 70_000], [3, 70_000]),
    ]
  }

  /// Rows of a table in blocks: packed and typed codes, with and without zero points, indices from both ends.
  static let tables: [CodeCase] = [
    table([7, 32], .uint8, bits: 4, block: 16, columns: 64, zeros: CodeCase.codes(.uint8, [7, 2], seed: 9)),
    table([7, 40], .uint8, bits: 4, block: 32, columns: 80),
    table([7, 40], .uint8, bits: 8, block: 16, columns: 40, zeros: CodeCase.codes(.uint8, [7, 3], seed: 9)),
    table([7, 40], .uint8, bits: 8, block: 16, columns: 40),
    table([7, 40], .int8, bits: nil, block: 16, columns: 40, zeros: CodeCase.codes(.int8, [7, 3], seed: 9)),
    table([7, 40], .int8, bits: nil, block: 0, columns: 40),
  ]

  private static func table(
    _ shape: [Int], _ type: DataType, bits: Int?, block: Int, columns: Int, zeros: Tensor? = nil
  ) -> CodeCase {
    let blocks = block == 0 ? 1 : (columns - 1) / block + 1
    let scales = CodeCase.scales(7 * blocks).reshaped([7, blocks])
    let indices = Tensor([0, 6, -1, 3, -7, 3] as [Int64], shape: [2, 3])
    var attributes: Attributes = ["block_size": .int(Int64(block)), "quantize_axis": .int(1)]
    if let bits { attributes["bits"] = .int(Int64(bits)) }
    return CodeCase(
      .microsoft("GatherBlockQuantized"), [CodeCase.codes(type, shape), indices, scales, zeros], given: [1], attributes)
  }

  @Test(arguments: byType(.uint8) + byType(.int8)) func eitherType(_ one: CodeCase) throws { try one.check() }

  @Test(arguments: tables) func rows(_ one: CodeCase) throws { try one.check() }

  @Test func rowsThatATableHasNot() throws {
    let graph = Graph.build { rewriter in
      let codes = rewriter.addInitializer("codes", CodeCase.codes(.uint8, [7, 32]))
      let scales = rewriter.addInitializer("scales", CodeCase.scales(14).reshaped([7, 2]))
      let x = rewriter.addInput("x", .tensor(.int64, [1]))
      let attributes: Attributes = ["block_size": .int(32), "bits": .int(4)]
      rewriter.addOutput(
        "y", rewriter.add(.microsoft("GatherBlockQuantized"), [codes, x, scales], attributes, name: "node"))
    }
    let executor = try Executor(Model(graph: graph), backends: [NativeBackend()])
    let error = #expect(throws: (any Error).self) { try executor.run(["x": Tensor([Int64](arrayLiteral: 7))]) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("expected indices in -7..<7 along axis 0, got 7"))
  }

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
    for backends in [[NativeBackend(), reference], [OneDNNBackend(), NativeBackend(), reference]] as [[any Backend]] {
      let executor = try Executor(
        Model(graph: graph), backends: backends, options: Executor.Options(threads: threads))
      let got = try executor.run(inputs)
      #expect(got["d"] == expected["d"])
      #expect(got["g"] == expected["g"])
    }
  }
}
