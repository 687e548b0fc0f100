import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX Runtime 1.31.1, optimizations off, or by ONNX 1.23.2's reference where that has no kernel.
@Suite struct MatMulTests {
  @Test func matrices() throws {
    let results = try evaluate(
      "MatMul", [ramp([3, 4]), ramp([4, 2], step: 5)])
    expect(results[0], Tensor([2.625, -0.8125, -0.25, -0.3125, 1, 0.875] as [Float], shape: [3, 2]))
  }

  @Test func vectors() throws {
    let results = try evaluate(
      "MatMul", [ramp([4]), ramp([4], step: 5)])
    expect(results[0], Tensor([0.625] as [Float], shape: []))
  }

  @Test func vectorAndBatch() throws {
    let results = try evaluate(
      "MatMul", [ramp([3]), ramp([2, 3, 2], step: 5)])
    expect(results[0], Tensor([1.6875, 0.125, -0.8125, 1.0625] as [Float], shape: [2, 2]))
  }

  @Test func batchAndVector() throws {
    let results = try evaluate(
      "MatMul", [ramp([2, 2, 3]), ramp([3], step: 5)])
    expect(results[0], Tensor([0.9375, -2.5, -2.5, -2.5] as [Float], shape: [2, 2]))
  }

  @Test func broadcastBatches() throws {
    let results = try evaluate(
      "MatMul", [ramp([2, 1, 2, 3]), ramp([3, 3, 2], step: 5)])
    expect(
      results[0],
      Tensor(
        [
          1.6875, 0.125, -2, 0.3125, -0.8125, 1.0625, 0.875, -0.25, 0.125, -1.4375, 0.3125, 1.25, -2.25, 0.5, -2.5,
          0.6875, 0.5, 0.5, 0.125, 1.25, 0.5, 0.5, 0.6875, -0.25,
        ] as [Float], shape: [2, 3, 2, 2]))
  }

  @Test func wrappingIntegers() throws {
    let results = try evaluate(
      "MatMul",
      [
        Tensor([1073741824, 3, 5, -7] as [Int32], shape: [2, 2]),
        Tensor([4, 1, 2147483647, 1] as [Int32], shape: [2, 2]),
      ])
    expect(results[0], Tensor([2147483645, 1073741827, -2147483621, -2] as [Int32], shape: [2, 2]))
  }

  @Test func gemm() throws {
    let results = try evaluate(
      "Gemm", [ramp([4, 3]), ramp([2, 4], step: 5), ramp([2], scale: 1.0)],
      ["transA": .int(1), "transB": .int(1), "alpha": .float(0.5), "beta": .float(2)])
    expect(results[0], Tensor([-8.6875, 3.15625, -10.2812, 4.28125, -10.1562, 4.03125] as [Float], shape: [3, 2]))
  }

  @Test func gemmWithColumn() throws {
    let results = try evaluate(
      "Gemm", [ramp([3, 4]), ramp([4, 2], step: 5), ramp([3, 1], scale: 1.0)])
    expect(results[0], Tensor([-2.375, -5.8125, 1.75, 1.6875, -1, -1.125] as [Float], shape: [3, 2]))
  }

  @Test func gemmWithoutAddend() throws {
    let results = try evaluate(
      "Gemm", [ramp([1, 4]), ramp([9, 4], step: 5)], ["transB": .int(1)])
    expect(results[0], Tensor([0.625, -2.8125, -2.8125, 2, 2, 2, -2.8125, -2.8125, 0.625] as [Float], shape: [1, 9]))
  }

  @Test func integersWithZeroPoints() throws {
    let results = try evaluate(
      "MatMulInteger",
      [
        Tensor([11, 7, 3, 10, 6, 2] as [UInt8], shape: [2, 3]), Tensor([1, 4, 2, 5, 3, 6] as [Int8], shape: [3, 2]),
        Tensor([12] as [UInt8], shape: []), Tensor([1, -2] as [Int8], shape: [2]),
      ])
    expect(results[0], Tensor([-23, -113, -26, -134] as [Int32], shape: [2, 2]))
  }

  @Test func quantized() throws {
    let results = try evaluate(
      "QLinearMatMul",
      [
        Tensor([208, 236, 0, 3, 214, 255] as [UInt8], shape: [2, 3]), Tensor([0.0066] as [Float], shape: []),
        Tensor([113] as [UInt8], shape: []), Tensor([152, 51, 60, 26, 0, 127] as [UInt8], shape: [3, 2]),
        Tensor([0.00705] as [Float], shape: []), Tensor([114] as [UInt8], shape: []),
        Tensor([0.0107] as [Float], shape: []), Tensor([118] as [UInt8], shape: []),
      ])
    expect(results[0], Tensor([161, 39, 6, 118] as [UInt8], shape: [2, 2]))
  }

  @Test func einsumBatch() throws {
    let results = try evaluate(
      "Einsum", [ramp([2, 2, 3]), ramp([2, 3, 2], step: 5)], ["equation": .string("bij, bjk -> bik")])
    expect(results[0], Tensor([1.6875, 0.125, -2, 0.3125, 0.5, 0.5, 0.125, 1.25] as [Float], shape: [2, 2, 2]))
  }

  @Test func einsumHeads() throws {
    let results = try evaluate(
      "Einsum", [ramp([1, 2, 2, 3]), ramp([1, 3, 2, 3], step: 5)], ["equation": .string("bqhd,bkhd->bhqk")])
    expect(
      results[0],
      Tensor(
        [0.9375, -1.5625, 0.75, -2.5, 0.25, 0.25, 0.3125, -0.25, 0.5625, 0.1875, 0.75, -0.0625] as [Float],
        shape: [1, 2, 2, 3]))
  }

  @Test func einsumTrace() throws {
    let results = try evaluate(
      "Einsum", [ramp([3, 3])], ["equation": .string("ii->")])
    expect(results[0], Tensor([-2] as [Float], shape: []))
  }

  @Test func einsumDiagonalWithEllipsis() throws {
    let results = try evaluate(
      "Einsum", [ramp([2, 3, 3])], ["equation": .string("...ii->...i")])
    expect(results[0], Tensor([-1.25, 0.25, -1, 0.75, -0.5, 1] as [Float], shape: [2, 3]))
  }

  @Test func einsumImplicitTranspose() throws {
    let results = try evaluate(
      "Einsum", [ramp([2, 3])], ["equation": .string("ba")])
    expect(results[0], Tensor([-1.25, 1.25, 0.5, 0.25, -0.5, -0.75] as [Float], shape: [3, 2]))
  }

  @Test func einsumThreeOperands() throws {
    let results = try evaluate(
      "Einsum", [ramp([2]), ramp([2, 3], step: 5), ramp([3], step: 3)], ["equation": .string("i,ij,j->")])
    expect(results[0], Tensor([-2.5] as [Float], shape: []))
  }

  @Test func symbolsGoThroughProducts() throws {
    let a = ValueType.tensor(.float32, [.symbol("B"), 1, .symbol("S"), 64])
    let b = ValueType.tensor(.float32, [12, 64, .symbol("T")])
    #expect(try infer("MatMul", [a, b]) == [.tensor(.float32, [.symbol("B"), 12, .symbol("S"), .symbol("T")])])
    #expect(
      try infer("Einsum", [a, b], ["equation": .string("bosd,hdt->bhst")])
        == [.tensor(.float32, [.symbol("B"), 12, .symbol("S"), .symbol("T")])])
  }

  @Test func theBlockingDoesNotChangeTheSums() throws {
    // 70 terms of very different sizes: any other order of the sum would show.
    let a = Tensor((0..<70).map { Float($0 % 2 == 0 ? 1e8 : -1e8) + Float($0) * 0.3 }, shape: [1, 70])
    let column = Tensor([Float](repeating: 1, count: 70), shape: [70, 1])
    var sum: Float = 0
    for value in a.floats ?? [] { sum += value }
    #expect(try evaluate("MatMul", [a, column])[0].floats == [sum])
    let wide = Tensor([Float](repeating: 1, count: 70 * 600), shape: [70, 600])
    #expect(try evaluate("MatMul", [a, wide])[0].floats == [Float](repeating: sum, count: 600))
  }

  @Test(arguments: ["ij,jk->iz", "ij->", "i.j,jk", "ij,jk->ii", "ij,jk->ik->", "ij,jkl->ik"])
  func hostileEquationsAreRefused(_ equation: String) {
    #expect(throws: OpError.self) {
      try evaluate("Einsum", [ramp([2, 3]), ramp([3, 2])], ["equation": .string(ByteString(equation))])
    }
  }

  @Test(
    arguments: [
      ([2, 2], [1, 2, 3, 4], [], [-2]),
      ([3, 3], [0, 2, 1, 1, 0, 3, 4, 1, 0], [], [25]),
      ([2, 2, 2], [1, 2, 2, 4, -3, 0, 0, 0.5], [2], [0, -1.5]),
      ([2, 0, 0], [], [2], [1, 1]),
    ] as [([Int], [Float], [Int], [Float])])
  func determinants(_ shape: [Int], _ values: [Float], _ wantedShape: [Int], _ wanted: [Float]) throws {
    expect(try evaluate("Det", [Tensor(values, shape: shape)])[0], Tensor(wanted, shape: wantedShape))
  }

  @Test func determinantsOfWhatIsNotSquare() {
    #expect(throws: OpError("operand 0: expected square matrices, got [2,3]")) {
      try evaluate("Det", [ramp([2, 3])])
    }
  }
}
