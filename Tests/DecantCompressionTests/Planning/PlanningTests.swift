import DecantForms
import DecantIR
import Testing

@testable import DecantCompression

@Suite struct PlanningTests {
  /// `y = DequantizeLinear(QuantizeLinear(op(DequantizeLinear(QuantizeLinear(x)), DequantizeLinear(w))))`; without `isClosed`
  /// the operator gives the output.
  private func pairs(_ op: OpName, isClosed: Bool = true, type: DataType = .uint8, readers: Int = 0) -> Graph {
    Graph.build(name: "main") { rewriter in
      let float = ValueType.tensor(.float32, Shape([4, 4]))
      let x = rewriter.addInput("x", float)
      let scale = rewriter.addInitializer("scale", Tensor(scalar: Float(0.5)))
      let zero = rewriter.addInitializer(
        "zero", AffineParameters.zeroPoints([0], type: type, isScalar: true))
      func pair(_ value: ValueID, _ name: String) -> ValueID {
        let codes = rewriter.add(
          "QuantizeLinear", [value, scale, zero], name: name + "_codes", type: .tensor(type, Shape([4, 4])))
        return rewriter.add("DequantizeLinear", [codes, scale, zero], name: name + "_float", type: float)
      }
      let read = pair(x, "x")
      let w = rewriter.addInitializer("w", Tensor([Int8](repeating: 1, count: 16), shape: [4, 4]))
      let weight = rewriter.add("DequantizeLinear", [w, scale], name: "w_float", type: float)
      let y = rewriter.add(op, [read, weight], name: "y", type: float)
      for index in 0..<readers {
        rewriter.addOutput("t\(index)", rewriter.add("Tanh", [read], name: "t\(index)", type: float))
      }
      rewriter.addOutput("out", isClosed ? pair(y, "y") : y)
    }
  }

  private func left(_ graph: Graph, _ target: DeploymentTarget = .vnni) -> [Int] {
    let forecast = FusionForecast(graph, target.profile)
    return [
      forecast.quantizing, forecast.dequantizing, forecast.survivingQuantizing, forecast.survivingDequantizing,
    ]
  }

  @Test func pairsAroundAKnownOperatorGo() {
    // One QuantizeLinear stays at the input, one DequantizeLinear at the output.
    #expect(left(pairs("MatMul")) == [2, 3, 1, 1])
    #expect(left(pairs("Add")) == [2, 3, 1, 1])
  }

  @Test func productsGiveFloatsAndArithmeticDoesNot() {
    #expect(left(pairs("MatMul", isClosed: false)) == [1, 2, 1, 0])
    #expect(left(pairs("Add", isClosed: false)) == [1, 2, 1, 2])
  }

  @Test func pairsAroundAnUnknownOperatorStay() {
    #expect(left(pairs("Div")) == [2, 3, 2, 3])
    #expect(left(pairs("Sub")) == [2, 3, 2, 3])
    #expect(left(pairs("Sub", type: .int8), .tflite) == [2, 3, 1, 1])
  }

  @Test func everyFloatReaderCounts() {
    #expect(left(pairs("MatMul", readers: 3)) == [2, 3, 1, 4])
  }

  @Test func typesOfCodesDecide() {
    #expect(left(pairs("MatMul", type: .int8)) == [2, 3, 2, 3])
    #expect(left(pairs("MatMul", type: .int8), .arm) == [2, 3, 1, 1])
    #expect(left(pairs("MatMul", type: .uint16)) == [2, 3, 2, 3])
  }

  @Test func whatGainsNothingIsWarnedOf() {
    let slow = QuantizationForecast(pairs("MatMul", type: .uint16), target: .vnni)
    #expect(slow.warnings.contains { $0.hasPrefix("smaller, not faster") })
    #expect(slow.work.manyRows == 0.43)
    let fast = QuantizationForecast(pairs("MatMul"), target: .vnni)
    #expect(fast.warnings.isEmpty)
    #expect(fast.work.manyRows == 2.9 && fast.work.oneRow == 2.8)
    let unknown = QuantizationForecast(pairs("MatMul"), target: .generic)
    #expect(unknown.fusion == nil && unknown.work.manyRows == nil)
  }

  @Test func speedsAreWeightedByWork() throws {
    // 64 multiplications at 2.9 and 64 in float: 128 / (64 / 2.9 + 64).
    var graph = pairs("MatMul")
    graph.edit { rewriter in
      guard let x = rewriter.graph.value(named: "x") else { return }
      let w = rewriter.addInitializer("v", Tensor([Float](repeating: 1, count: 16), shape: [4, 4]))
      let z = rewriter.add("MatMul", [x, w], name: "z", type: .tensor(.float32, Shape([4, 4])))
      rewriter.addOutput("z", z)
    }
    let speed = try #require(QuantizationForecast(graph, target: .vnni).work.manyRows)
    #expect(abs(speed - 128 / (64 / 2.9 + 64)) < 1e-12)
  }

  @Test func targetsChooseWhereTheUserDidNot() {
    var options = StaticQuantizationOptions()
    #expect(options.suit(.avx2, activationType: nil).count == 1)
    #expect(options.isReduced && options.activationType == .uint8)
    var arm = StaticQuantizationOptions()
    #expect(arm.suit(.arm, activationType: nil).count == 1)
    #expect(arm.activationType == .int8 && !arm.isReduced)
    var named = StaticQuantizationOptions()
    #expect(named.suit(.arm, activationType: .uint8).isEmpty)
    #expect(named.activationType == .uint8)
    var unsigned = DynamicQuantizationOptions(weightType: .uint8)
    #expect(unsigned.suit(.avx2).isEmpty && !unsigned.isReduced)
  }
}
