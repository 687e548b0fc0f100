import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX Runtime 1.31.1, optimizations off, or by ONNX 1.23.2's reference where that has no kernel.
@Suite struct QuantizationTests {
  @Test func quantizeHalvesToEven() throws {
    let results = try evaluate(
      "QuantizeLinear",
      [
        Tensor([-3, -1.25, -0.75, 0, 0.25, 0.75, 1.25, 1e+30, .infinity, .nan] as [Float], shape: [2, 5]),
        Tensor([0.5] as [Float], shape: []), Tensor([3] as [UInt8], shape: []),
      ])
    expect(results[0], Tensor([0, 1, 1, 3, 3, 5, 5, 255, 255, 0] as [UInt8], shape: [2, 5]))
  }

  @Test func quantizeToInt8() throws {
    let results = try evaluate(
      "QuantizeLinear",
      [
        Tensor([-3, -1.25, -0.75, 0, 0.25, 0.75, 1.25, 1e+30, .infinity, .nan] as [Float], shape: [2, 5]),
        Tensor([0.02] as [Float], shape: []), Tensor([-5] as [Int8], shape: []),
      ])
    expect(results[0], Tensor([-128, -67, -43, -5, 7, 33, 57, 127, 127, -128] as [Int8], shape: [2, 5]))
  }

  @Test func quantizeToInt16() throws {
    let results = try evaluate(
      "QuantizeLinear",
      [
        Tensor([-3, -1.25, -0.75, 0, 0.25, 0.75, 1.25, 1e+30, .infinity, .nan] as [Float], shape: [2, 5]),
        Tensor([0.0001] as [Float], shape: []), Tensor([-300] as [Int16], shape: []),
      ])
    expect(
      results[0],
      Tensor([-30300, -12800, -7800, -300, 2200, 7200, 12200, 32767, 32767, -32768] as [Int16], shape: [2, 5]))
  }

  @Test func quantizeToUInt16() throws {
    let results = try evaluate(
      "QuantizeLinear",
      [
        Tensor([-3, -1.25, -0.75, 0, 0.25, 0.75, 1.25, 1e+30, .infinity, .nan] as [Float], shape: [2, 5]),
        Tensor([0.0001] as [Float], shape: []), Tensor([40000] as [UInt16], shape: []),
      ])
    expect(
      results[0],
      Tensor([10000, 27500, 32500, 40000, 42500, 47500, 52500, 65535, 65535, 0] as [UInt16], shape: [2, 5]))
  }

  @Test func quantizeWithoutZeroPoint() throws {
    let results = try evaluate(
      "QuantizeLinear",
      [
        Tensor([-3, -1.25, -0.75, 0, 0.25, 0.75, 1.25, 1e+30, .infinity, .nan] as [Float], shape: [2, 5]),
        Tensor([0.02] as [Float], shape: []),
      ])
    expect(results[0], Tensor([0, 0, 0, 0, 12, 38, 62, 255, 255, 0] as [UInt8], shape: [2, 5]))
  }

  @Test func quantizeAlongAnAxis() throws {
    let results = try evaluate(
      "QuantizeLinear",
      [
        ramp([2, 3, 2], scale: 3.0), Tensor([0.5, 0.1, 2] as [Float], shape: [3]),
        Tensor([1, 128, 255] as [UInt8], shape: [3]),
      ], ["axis": .int(-2)])
    expect(results[0], Tensor([0, 13, 68, 255, 255, 251, 25, 1, 8, 218, 253, 247] as [UInt8], shape: [2, 3, 2]))
  }

  @Test func quantizeAlongTheLastAxis() throws {
    let results = try evaluate(
      "QuantizeLinear",
      [
        ramp([2, 3], scale: 3.0), Tensor([0.5, 0.1, 2] as [Float], shape: [3]),
        Tensor([1, 0, -9] as [Int8], shape: [3]),
      ])
    expect(results[0], Tensor([-29, 60, -12, 31, 30, -13] as [Int8], shape: [2, 3]))
  }

  @Test func quantizeInBlocks() throws {
    let results = try evaluate(
      "QuantizeLinear",
      [
        ramp([2, 5, 2], scale: 3.0),
        Tensor([0.25, 2, 1, 2.75, 1.75, 0.75, 2.5, 1.5, 0.5, 2.25, 1.25, 0.25] as [Float], shape: [2, 3, 2]),
        Tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as [Int8], shape: [2, 3, 2]),
      ], ["axis": .int(1), "block_size": .int(2)])
    expect(
      results[0],
      Tensor([-60, 4, -24, 9, 5, 0, 14, 3, -3, 17, 5, -3, 8, 3, 38, 10, -10, 14, 10, -37] as [Int8], shape: [2, 5, 2]))
  }

  @Test func quantizeInBlocksOfTheLastAxis() throws {
    let results = try evaluate(
      "QuantizeLinear",
      [
        ramp([2, 5], scale: 3.0), Tensor([0.25, 2, 1, 2.75] as [Float], shape: [2, 2]),
        Tensor([0, 1, 2, 3] as [UInt8], shape: [2, 2]),
      ], ["axis": .int(1), "block_size": .int(3)])
    expect(results[0], Tensor([0, 24, 0, 9, 3, 0, 14, 2, 0, 6] as [UInt8], shape: [2, 5]))
  }

  @Test func dequantize() throws {
    let results = try evaluate(
      "DequantizeLinear",
      [
        Tensor([0, 3, 128, 255] as [UInt8], shape: [4]), Tensor([0.1] as [Float], shape: []),
        Tensor([128] as [UInt8], shape: []),
      ])
    expect(results[0], Tensor([-12.8, -12.5, 0, 12.7] as [Float], shape: [4]))
  }

  @Test func dequantizeInt32() throws {
    let results = try evaluate(
      "DequantizeLinear",
      [Tensor([-2147483648, 7, 2147483647] as [Int32], shape: [3]), Tensor([0.1] as [Float], shape: [])])
    expect(results[0], Tensor([-2.14748e+08, 0.7, 2.14748e+08] as [Float], shape: [3]))
  }

  @Test func dequantizeAlongAnAxis() throws {
    let results = try evaluate(
      "DequantizeLinear",
      [
        Tensor([-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5] as [Int8], shape: [2, 3, 2]),
        Tensor([0.5, 0.1, 2] as [Float], shape: [3]), Tensor([1, -3, 0] as [Int8], shape: [3]),
      ])
    expect(results[0], Tensor([-3.5, -3, -0.1, 0, -4, -2, -0.5, 0, 0.5, 0.6, 8, 10] as [Float], shape: [2, 3, 2]))
  }

  @Test func dequantizeInBlocks() throws {
    let results = try evaluate(
      "DequantizeLinear",
      [
        Tensor([-5, -4, -3, -2, -1, 0, 1, 2, 3, 4] as [Int8], shape: [2, 5]),
        Tensor([0.5, 2, 0.25, 3] as [Float], shape: [2, 2]), Tensor([1, 0, -1, 2] as [Int8], shape: [2, 2]),
      ], ["axis": .int(1), "block_size": .int(3)])
    expect(results[0], Tensor([-3, -2.5, -2, -4, -2, 0.25, 0.5, 0.75, 3, 6] as [Float], shape: [2, 5]))
  }

  @Test func dynamic() throws {
    let results = try evaluate(
      "DynamicQuantizeLinear", [Tensor([0, 2, -3, -2.5, 1.34, 0.5] as [Float], shape: [6])], results: 3)
    expect(results[0], Tensor([153, 255, 0, 26, 221, 179] as [UInt8], shape: [6]))
    expect(results[1], Tensor([0.0196078] as [Float], shape: []))
    expect(results[2], Tensor([153] as [UInt8], shape: []))
  }

  @Test func dynamicOfPositives() throws {
    let results = try evaluate(
      "DynamicQuantizeLinear", [Tensor([1, 2.1, 1.3, 2.5, 3.34, 4] as [Float], shape: [6])], results: 3)
    expect(results[0], Tensor([64, 134, 83, 159, 213, 255] as [UInt8], shape: [6]))
    expect(results[1], Tensor([0.0156863] as [Float], shape: []))
    expect(results[2], Tensor([0] as [UInt8], shape: []))
  }

  @Test func dynamicOfZeros() throws {
    let results = try evaluate(
      "DynamicQuantizeLinear", [Tensor([0, 0, 0] as [Float], shape: [3])], results: 3)
    expect(results[0], Tensor([0, 0, 0] as [UInt8], shape: [3]))
    expect(results[1], Tensor([1] as [Float], shape: []))
    expect(results[2], Tensor([0] as [UInt8], shape: []))
  }

  @Test func shortTypesArePacked() throws {
    let x = Tensor([-9, -1, 0.5, 1.5, 9] as [Float])
    let one = Tensor(scalar: Float(1))
    let four = try evaluate("QuantizeLinear", [x, one], ["output_dtype": .int(22)])[0]
    #expect(four.dataType == .int4 && four.integers == [-8, -1, 0, 2, 7])
    let two = try evaluate("QuantizeLinear", [x, one], ["output_dtype": .int(25)])[0]
    #expect(two.dataType == .uint2 && two.integers == [0, 0, 0, 2, 3])
    expect(try evaluate("DequantizeLinear", [four, one])[0], Tensor([-8, -1, 0, 2, 7] as [Float]))
    let half = try evaluate("DequantizeLinear", [four, one], ["output_dtype": .int(10)])[0]
    #expect(half.dataType == .float16)
  }

  @Test func smallFloats() throws {
    let x = Tensor([0, 1.0625, 500, -1e9, .nan] as [Float])
    let one = Tensor(scalar: Float(1))
    let eight = try evaluate("QuantizeLinear", [x, one], ["output_dtype": .int(17)])[0]
    expectElements(eight, [0, 1, 448, -448, .nan], type: .float8E4M3FN)
    let open = try evaluate("QuantizeLinear", [x, one], ["output_dtype": .int(19), "saturate": .int(0)])[0]
    expectElements(open, [0, 1, 512, -.infinity, .nan], type: .float8E5M2)
    expect(try evaluate("DequantizeLinear", [eight, one])[0], Tensor([0, 1, 448, -448, .nan] as [Float]))
  }

  private func expectElements(_ got: Tensor, _ wanted: [Float], type: DataType) {
    #expect(got.dataType == type)
    expect(Tensor(got.floats ?? []), Tensor(wanted))
  }

  @Test func theQuotientIsInTheTypeOfTheScale() throws {
    // 2049 is no half: 2048 is, and 2052 with it.
    let x = Tensor([2049, 2051] as [Float])
    let scale = Tensor(scalar: Float16(1))
    let codes = try evaluate("QuantizeLinear", [x, scale, Tensor(scalar: Int16(0))])[0]
    #expect(codes.integers == [2048, 2052])
  }

  @Test(
    arguments: [
      (["block_size": .int(-1)], [3]), (["block_size": .int(2)], [3]), (["axis": .int(4)], [3]), ([:], [2]),
      (["block_size": .int(.max), "axis": .int(1)], [2, 2]), (["output_dtype": .int(99)], [1]),
      (["output_dtype": .int(8)], [1]), (["output_dtype": .int(12)], [1]),
    ] as [(Attributes, [Int])])
  func hostileScalesAreRefused(_ attributes: Attributes, _ shape: [Int]) {
    #expect(throws: OpError.self) {
      try evaluate("QuantizeLinear", [ramp([2, 3]), ramp(shape, offset: -1)], attributes)
    }
  }
}
