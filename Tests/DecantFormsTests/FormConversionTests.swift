import DecantBytes
import DecantIR
import Testing

@testable import DecantForms

@Suite struct FormConversionTests {
  /// `y = QuantizeLinear(op(DequantizeLinear(x), DequantizeLinear(w), …))` on scales of a half, and DequantizeLinear of that.
  private func pairs(
    _ op: OpName = "MatMul", weight: Tensor = Tensor([1, -2, 3, 4] as [Int8], shape: [2, 2]),
    weightScales: [Float] = [0.25],
    bias: (codes: [Int32], scale: Float)? = nil, attributes: Attributes = [:], resultZero: UInt8 = 10
  ) -> Graph {
    Graph.build(name: "main") { rewriter in
      let float = ValueType.tensor(.float32, Shape([2, 2]))
      let x = rewriter.addInput("x", float)
      let scale = rewriter.addInitializer("scale", Tensor(scalar: Float(0.5)))
      let zero = rewriter.addInitializer("zero", Tensor(scalar: UInt8(10)))
      let q = rewriter.add("QuantizeLinear", [x, scale, zero], name: "x_codes", type: .tensor(.uint8, Shape([2, 2])))
      let dq = rewriter.add("DequantizeLinear", [q, scale, zero], name: "x_float", type: float)
      let isSingle = weightScales.count == 1
      let w = rewriter.addInitializer("w_quantized", weight)
      let ws = rewriter.addInitializer("w_scale", Tensor(weightScales, shape: isSingle ? [] : [weightScales.count]))
      let wd = rewriter.add(
        "DequantizeLinear", [w, ws], isSingle ? [:] : ["axis": .int(1)], name: "w",
        type: .tensor(.float32, Shape(weight.shape)))
      var operands: [ValueID?] = [dq, wd]
      if let bias {
        let b = rewriter.addInitializer("b_quantized", Tensor(bias.codes))
        let bs = rewriter.addInitializer("b_scale", Tensor(scalar: bias.scale))
        operands.append(rewriter.add("DequantizeLinear", [b, bs], name: "b", type: .tensor(.float32, Shape([2]))))
      }
      let y = rewriter.add(op, operands, attributes, name: "y_float", type: float)
      let ys = rewriter.addInitializer("y_scale", Tensor(scalar: Float(0.5)))
      let yz = rewriter.addInitializer("y_zero", Tensor(scalar: resultZero))
      let yq = rewriter.add("QuantizeLinear", [y, ys, yz], name: "y_codes", type: .tensor(.uint8, Shape([2, 2])))
      rewriter.addOutput("y", rewriter.add("DequantizeLinear", [yq, ys, yz], name: "y", type: float))
    }
  }

  private func operators(_ graph: Graph) -> [String] { graph.order.map { graph[$0].op.description } }

  @Test(arguments: [
    ("MatMul", "QLinearMatMul"), ("Add", "com.microsoft.QLinearAdd"), ("Mul", "com.microsoft.QLinearMul"),
    ("Gemm", "com.microsoft.QGemm"),
  ])
  func operatorsBetweenPairsWorkOnCodes(_ float: String, _ integer: String) {
    let isProduct = float == "MatMul" || float == "Gemm"
    let weight =
      isProduct ? Tensor([1, -2, 3, 4] as [Int8], shape: [2, 2]) : Tensor([1, 2, 3, 4] as [UInt8], shape: [2, 2])
    var graph = pairs(OpName(float), weight: weight)
    let report = FormConversion.convert(&graph, to: .operators)
    #expect(operators(graph) == ["QuantizeLinear", integer, "DequantizeLinear"])
    #expect(report.converted == 1 && report.left.isEmpty)
    #expect(FormConversion.convert(&graph, to: .pairs).converted == 1)
    #expect(
      operators(graph).sorted()
        == [float, "DequantizeLinear", "DequantizeLinear", "DequantizeLinear", "QuantizeLinear", "QuantizeLinear"]
        .sorted())
    #expect(graph.value(named: "w_quantized").flatMap { graph[$0].constant } == weight)
  }

  @Test func aBiasOnAnotherScaleIsLeft() {
    var graph = pairs("Gemm", bias: ([8, -8], 0.1))
    let report = FormConversion.convert(&graph, to: .operators)
    #expect(report.converted == 0)
    #expect(report.left.map(\.outcome) == ["left: its bias is not int32 codes on the scale of the product"])
    graph = pairs("Gemm", bias: ([8, -8], 0.125))
    #expect(FormConversion.convert(&graph, to: .operators).converted == 1)
  }

  @Test func whatHasNoOperatorOnCodesIsLeft() {
    var graph = pairs("Div", weight: Tensor([1, 2, 3, 4] as [UInt8], shape: [2, 2]))
    let report = FormConversion.convert(&graph, to: .operators)
    #expect(report.left.map(\.outcome) == ["left: no operator on codes does this"])
  }

  @Test func floatsKeepTheLimitAtZero() throws {
    var graph = pairs(resultZero: 0)
    let report = FormConversion.convert(&graph, to: .float)
    #expect(operators(graph) == ["MatMul", "Clip"])
    #expect(report.clippedActivations == 1 && report.unroundedActivations == 2 && report.left.isEmpty)
    let weight = try #require(graph.initializers.lazy.compactMap { graph[$0].constant }.first { $0.rank == 2 })
    #expect(weight == Tensor([0.25, -0.5, 0.75, 1] as [Float], shape: [2, 2]))
    graph = pairs()
    #expect(FormConversion.convert(&graph, to: .float).clippedActivations == 0)
    #expect(operators(graph) == ["MatMul"])
  }

  /// A product with 4-bit codes in blocks of 16.
  private func blocks(blockSize: Int = 16, axis: Int = 0, scales: [Int] = [2, 16]) throws -> Graph {
    let count = scales.reduce(1, *)
    let bytes = (0..<256).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let codes = try Tensor(.int4, shape: [32, 16], bytes: ByteSlice(copying: bytes))
    return Graph.build(name: "main") { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, Shape([3, 32])))
      let w = rewriter.addInitializer("w_quantized", codes)
      let s = rewriter.addInitializer("s", Tensor((0..<count).map { Float($0 + 1) }, shape: scales))
      let d = rewriter.add(
        "DequantizeLinear", [w, s], ["axis": .int(Int64(axis)), "block_size": .int(Int64(blockSize))], name: "w",
        type: .tensor(.float32, Shape([32, 16])))
      rewriter.addOutput("y", rewriter.add("MatMul", [x, d], name: "y", type: .tensor(.float32, Shape([3, 16]))))
    }
  }

  @Test func blocksGoThereAndBack() throws {
    let first = try blocks()
    var graph = first
    #expect(FormConversion.convert(&graph, to: .blocks).converted == 1)
    #expect(operators(graph) == ["com.microsoft.MatMulNBits"])
    #expect(FormConversion.convert(&graph, to: .pairs).converted == 1)
    #expect(operators(graph) == ["DequantizeLinear", "MatMul"])
    func constants(_ graph: Graph) -> Set<Tensor> { Set(graph.initializers.compactMap { graph[$0].constant }) }
    #expect(constants(graph) == constants(first))
  }

  @Test func blocksThatNoOperatorTakesAreLeft() throws {
    for (blockSize, scales, reason) in [(24, [2, 16], "power of two"), (512, [1, 16], "512")] {
      var graph = try blocks(blockSize: blockSize, scales: scales)
      let report = FormConversion.convert(&graph, to: .blocks)
      #expect(report.converted == 0)
      #expect(report.left.first?.outcome.contains(reason) == true)
    }
    var graph = try blocks(axis: 1, scales: [32, 1])
    #expect(
      FormConversion.convert(&graph, to: .blocks).left.map(\.outcome) == ["left: its blocks lie along the outputs"])
  }

  @Test func quantizingTwiceIsRefused() {
    let census = FormCensus(pairs())
    #expect(census.text == "5 QDQ")
    let error = #expect(throws: DecantError.self) { try census.refuseQuantized() }
    #expect(error?.message == "the model is quantized already: 5 QDQ nodes")
  }

  /// Extents and operands that do not go together are reasons, never traps.
  @Test(arguments: [
    ["K": Attribute.int(-1)], ["N": .int(1 << 62)], ["block_size": .int(0)], ["bits": .int(3)], ["K": .int(1 << 61)],
    ["block_size": .int(1 << 62)], ["weight_prepacked": .int(1)], ["bits": .int(8)],
  ])
  func hostileProductsAreLeft(_ changes: [String: Attribute]) {
    for form in [ModelForm.pairs, .float] {
      var graph = Graph.build(name: "main") { rewriter in
        let x = rewriter.addInput("x", .tensor(.float32, Shape([1, 32])))
        let codes = rewriter.addInitializer("codes", Tensor([UInt8](repeating: 7, count: 256), shape: [16, 2, 8]))
        let scales = rewriter.addInitializer("scales", Tensor([Float](repeating: 1, count: 32)))
        var attributes: Attributes = ["K": .int(32), "N": .int(16), "bits": .int(4), "block_size": .int(16)]
        for (name, value) in changes { attributes[name] = value }
        rewriter.addOutput(
          "y", rewriter.add(OpName("MatMulNBits", domain: "com.microsoft"), [x, codes, scales], attributes, name: "y"))
      }
      #expect(FormConversion.convert(&graph, to: form).left.count == 1)
    }
  }

  /// Axes, blocks, scales and zero points that no operator has never trap, whatever the form.
  @Test(arguments: ModelForm.allCases)
  func hostilePairsDoNotTrap(_ form: ModelForm) {
    let scales: [Tensor] = [
      Tensor(scalar: Float(0)), Tensor(scalar: Float.nan), Tensor([1, 2] as [Float]), Tensor([] as [Float]),
      Tensor(scalar: Float.infinity),
    ]
    let points: [Tensor?] = [nil, Tensor(scalar: Int64.min), Tensor(scalar: UInt8(3)), Tensor([1, 2] as [UInt8])]
    let numbers: [Int64] = [.max, .min, 0, -1, 3]
    for (scale, point) in scales.flatMap({ scale in points.map { (scale, $0) } }) {
      for (axis, block) in numbers.flatMap({ axis in numbers.map { (axis, $0) } }) {
        for weight in [Tensor(scalar: UInt8(1)), Tensor([1, 2, 3, 4] as [UInt8], shape: [2, 2])] {
          var graph = Graph.build(name: "main") { rewriter in
            let w = rewriter.addInitializer("w", weight)
            let s = rewriter.addInitializer("s", scale)
            let z = point.map { rewriter.addInitializer("z", $0) }
            let d = rewriter.add(
              "DequantizeLinear", [w, s, z], ["axis": .int(axis), "block_size": .int(block)], name: "d")
            let p = rewriter.add("Pad", [d], name: "p")
            let m = rewriter.add("MatMul", [p, d], name: "m")
            let q = rewriter.add("QuantizeLinear", [m, s, z], ["axis": .int(axis)], name: "q")
            let c = rewriter.add(OpName("QLinearConv"), [q, s, z, w, s, z, s], name: "c")
            let b = rewriter.add(
              OpName("MatMulBnb4", domain: "com.microsoft"), [d, w, s], ["K": .int(axis)], name: "b")
            rewriter.addOutput("c", c)
            rewriter.addOutput("b", b)
          }
          _ = FormConversion.convert(&graph, to: form)
        }
      }
    }
  }
}
