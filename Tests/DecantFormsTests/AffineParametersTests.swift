import DecantForms
import DecantIR
import Testing

/// Check values of ONNX Runtime 1.31.1's `compute_scale_zp`, from `onnxruntime-agreement.md` section 5.2.
@Suite struct AffineParametersTests {
  @Test(arguments: [
    (DataType.int8, false, Float(0.011764706), -43),
    (.uint8, false, 0.011764706, 85),
    (.int8, true, 0.015748032, 0),
    (.int16, true, 4.0 / 65534.0, 0),
    (.int4, false, 0.2, -3),
    (.int4, true, 0.26666668, 0),
  ])
  func rangeFromMinusOneToTwo(type: DataType, symmetric: Bool, scale: Float, zeroPoint: Int) throws {
    let grid = try #require(IntegerGrid(type))
    let parameters = AffineParameters(range: TensorRange(-1, 2), grid: grid, symmetric: symmetric)
    #expect(parameters == AffineParameters(scale: scale, zeroPoint: zeroPoint))
  }

  @Test func emptyRangeIsHarmless() throws {
    let grid = try #require(IntegerGrid(.uint8))
    #expect(
      AffineParameters(range: TensorRange(0, 0), grid: grid, symmetric: true)
        == AffineParameters(scale: 1, zeroPoint: 0))
  }

  @Test func halvesGoToEven() throws {
    let grid = try #require(IntegerGrid(.int8))
    let parameters = AffineParameters(scale: 1, zeroPoint: 0)
    #expect(
      [0.5, 1.5, 2.5, -0.5, -1.5, 300, -300].map { parameters.code(of: $0, grid: grid) }
        == [0, 2, 2, 0, -2, 127, -128])
  }
}
