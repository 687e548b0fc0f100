import DecantEngine
import DecantIR
import Testing

/// What becomes of operators between DequantizeLinear and QuantizeLinear before a model is run.
@Suite struct IslandTests {
  /// The operators of the graph that `body` spells once it is prepared, in order.
  private static func operators(_ body: String) throws -> [String] {
    var model = Model(graph: try TextForm.parseGraph("graph @g" + body))
    _ = NativeBackend().prepare(&model)
    return model.graph.order.map { model.graph[$0].op.description }
  }

  /// A convolution of codes with `middle` between `%c` and `%m`, and a bias that `bias` makes.
  private static func convolution(middle: String = "", from last: String = "c", bias: String, zero: Int = 0) -> String {
    """
    (%x: u8[1,2,4,4]) -> (%y: u8[1,3,2,2]) {
      %sx: f32[] = initializer [0.5]
      %zx: u8[] = initializer [3]
      %w: i8[3,2,3,3] = initializer [\((0..<54).map { String($0 - 27) }.joined(separator: ", "))]
      %sw: f32[3] = initializer [0.25, 0.5, 1]
      %sy: f32[] = initializer [40]
      %zy: u8[] = initializer [\(zero)]
      \(bias)
      %xf = DequantizeLinear(%x, %sx, %zx)
      %wf = DequantizeLinear(%w, %sw) {axis: 0}
      %c = Conv(%xf, %wf, %bf)
      \(middle)
      %y = QuantizeLinear(%\(last), %sy, %zy)
      return %y
    }
    """
  }

  private static let integerBias = """
    %b: i32[3] = initializer [1, -2, 3]
      %sb: f32[3] = initializer [0.125, 0.25, 0.5]
      %bf = DequantizeLinear(%b, %sb) {axis: 0}
    """
  private static let floatBias = "%bf: f32[3] = initializer [1, -2, 3.3]"

  @Test func aConvolutionOfCodes() throws {
    #expect(try Self.operators(Self.convolution(bias: Self.integerBias)) == ["QLinearConv"])
  }

  @Test func aFloatBiasBecomesCodes() throws {
    #expect(try Self.operators(Self.convolution(bias: Self.floatBias)) == ["QLinearConv"])
  }

  @Test func aRectifierThatTheCodesHaveAnyway() throws {
    let relu = "%m = Relu(%c)"
    #expect(try Self.operators(Self.convolution(middle: relu, from: "m", bias: Self.integerBias)) == ["QLinearConv"])
    // Codes from -8 steps on do not stop where the rectifier does.
    let kept = try Self.operators(Self.convolution(middle: relu, from: "m", bias: Self.integerBias, zero: 8))
    #expect(kept.contains("Relu") && kept.contains("Conv"))
  }

  @Test func limitsBeyondTheCodes() throws {
    let wide = "%lo: f32[] = initializer [0]\n%hi: f32[] = initializer [10200]\n%m = Clip(%c, %lo, %hi)"
    #expect(try Self.operators(Self.convolution(middle: wide, from: "m", bias: Self.integerBias)) == ["QLinearConv"])
    let narrow = "%lo: f32[] = initializer [0]\n%hi: f32[] = initializer [6]\n%m = Clip(%c, %lo, %hi)"
    #expect(try Self.operators(Self.convolution(middle: narrow, from: "m", bias: Self.integerBias)).contains("Clip"))
  }

  @Test func aScaledProductOfCodesAndItsBias() throws {
    let operators = try Self.operators(
      """
      (%x: f32[2,4], %z: f32[2,4]) -> (%y: f32[2,3], %t: f32[2,3]) {
        %w: i8[4,3] = initializer [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        %zw: i8[3] = initializer [0, 0, 0]
        %sw: f32[3] = initializer [0.25, 0.5, 1]
        %b: f32[3] = initializer [1, 2, 3]
        %q, %sx, %zx = DynamicQuantizeLinear(%x)
        %i = MatMulInteger(%q, %w, %zx, %zw)
        %f = Cast(%i) {to: 1}
        %s = Mul(%sx, %sw)
        %p = Mul(%f, %s)
        %y = Add(%b, %p)
        %t = com.microsoft.DynamicQuantizeMatMul(%z, %w, %sw, %zw, %b)
        return %y, %t
      }
      """)
    #expect(
      operators == [
        "DynamicQuantizeLinear", "com.microsoft.MatMulIntegerToFloat", "DynamicQuantizeLinear",
        "com.microsoft.MatMulIntegerToFloat",
      ])
  }

  @Test func aProductWithoutCodesBehindIt() throws {
    let operators = try Self.operators(
      """
      (%x: u8[2,4]) -> (%y: f32[2,3]) {
        %sx: f32[] = initializer [0.5]
        %zx: u8[] = initializer [3]
        %w: i8[4,3] = initializer [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        %sw: f32[3] = initializer [0.25, 0.5, 1]
        %b: f32[3] = initializer [1, 2, 3]
        %xf = DequantizeLinear(%x, %sx, %zx)
        %wf = DequantizeLinear(%w, %sw) {axis: 1}
        %p = MatMul(%xf, %wf)
        %y = Add(%p, %b)
        return %y
      }
      """)
    #expect(operators == ["com.microsoft.MatMulIntegerToFloat"])
  }
}
