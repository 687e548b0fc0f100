import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX Runtime 1.31.1, optimizations off, or by ONNX 1.23.2's reference where that has no kernel.
@Suite struct ReductionTests {
  @Test func sum() throws {
    let results = try evaluate(
      "ReduceSum", [ramp([2, 3, 2]), Tensor([1] as [Int64], shape: [1])])
    expect(results[0], Tensor([-1.5, 1, -0.25, -0.5] as [Float], shape: [2, 1, 2]))
  }

  @Test func sumOfAll() throws {
    let results = try evaluate(
      "ReduceSum", [ramp([2, 3, 2])], ["keepdims": .int(0)])
    expect(results[0], Tensor([-1.25] as [Float], shape: []))
  }

  @Test func sumWithoutAxes() throws {
    let results = try evaluate(
      "ReduceSum", [ramp([2, 3, 2]), Tensor([] as [Int64], shape: [0])], ["noop_with_empty_axes": .int(1)])
    expect(
      results[0],
      Tensor([-1.25, 0.5, -0.5, 1.25, 0.25, -0.75, 1, 0, -1, 0.75, -0.25, -1.25] as [Float], shape: [2, 3, 2]))
  }

  @Test func sumOfSomeDropped() throws {
    let results = try evaluate(
      "ReduceSum", [ramp([2, 3, 2]), Tensor([0, -1] as [Int64], shape: [2])], ["keepdims": .int(0)])
    expect(results[0], Tensor([0.25, 0.5, -2] as [Float], shape: [3]))
  }

  @Test func mean() throws {
    let results = try evaluate(
      "ReduceMean", [ramp([2, 3, 2]), Tensor([2, 0] as [Int64], shape: [2])])
    expect(results[0], Tensor([0.0625, 0.125, -0.5] as [Float], shape: [1, 3, 1]))
  }

  @Test func meanOfIntegers() throws {
    let results = try evaluate(
      "ReduceMean", [Tensor([7, -8, 2, -1] as [Int32], shape: [2, 2]), Tensor([1] as [Int64], shape: [1])])
    expect(results[0], Tensor([0, 0] as [Int32], shape: [2, 1]))
  }

  @Test func maximum() throws {
    let results = try evaluate(
      "ReduceMax", [ramp([2, 3, 2]), Tensor([1] as [Int64], shape: [1])], ["keepdims": .int(0)])
    expect(results[0], Tensor([0.25, 1.25, 1, 0.75] as [Float], shape: [2, 2]))
  }

  @Test func minimum() throws {
    let results = try evaluate(
      "ReduceMin", [Tensor([7, -8, 2, -1] as [Int8], shape: [2, 2]), Tensor([0] as [Int64], shape: [1])])
    expect(results[0], Tensor([2, -8] as [Int8], shape: [1, 2]))
  }

  @Test func maximumOfBools() throws {
    let results = try evaluate(
      "ReduceMax", [tensor([1, 0, 0, 0], [2, 2], of: Boolean.self), Tensor([1] as [Int64], shape: [1])],
      ["keepdims": .int(0)])
    expect(results[0], tensor([1, 0], [2], of: Boolean.self))
  }

  @Test func product() throws {
    let results = try evaluate(
      "ReduceProd", [ramp([2, 3, 2]), Tensor([0] as [Int64], shape: [1])])
    expect(results[0], Tensor([-1.25, 0, 0.5, 0.9375, -0.0625, 0.9375] as [Float], shape: [1, 3, 2]))
  }

  @Test func productWraps() throws {
    let results = try evaluate(
      "ReduceProd", [Tensor([1048577, 1048573, 3] as [Int32], shape: [3])])
    expect(results[0], Tensor([-6291465] as [Int32], shape: [1]))
  }

  @Test func absolute() throws {
    let results = try evaluate(
      "ReduceL1", [ramp([2, 3, 2]), Tensor([2] as [Int64], shape: [1])])
    expect(results[0], Tensor([1.75, 1.75, 1, 1, 1.75, 1.5] as [Float], shape: [2, 3, 1]))
  }

  @Test func euclidean() throws {
    let results = try evaluate(
      "ReduceL2", [ramp([2, 3, 2]), Tensor([2] as [Int64], shape: [1])], ["keepdims": .int(0)])
    expect(results[0], Tensor([1.34629, 1.34629, 0.790569, 1, 1.25, 1.27475] as [Float], shape: [2, 3]))
  }

  @Test func squares() throws {
    let results = try evaluate(
      "ReduceSumSquare", [ramp([2, 3, 2]), Tensor([1] as [Int64], shape: [1])])
    expect(results[0], Tensor([1.875, 2.375, 2.0625, 2.125] as [Float], shape: [2, 1, 2]))
  }

  @Test func logarithmOfSum() throws {
    let results = try evaluate(
      "ReduceLogSum", [ramp([2, 3], offset: -1), Tensor([1] as [Int64], shape: [1])])
    expect(results[0], Tensor([1.17866, 1.65823] as [Float], shape: [2, 1]))
  }

  @Test func logarithmOfExponentials() throws {
    let results = try evaluate(
      "ReduceLogSumExp", [ramp([2, 3], scale: 40.0), Tensor([1] as [Int64], shape: [1])])
    expect(results[0], Tensor([80, 200] as [Float], shape: [2, 1]))
  }

  @Test func ofNothing() throws {
    let nothing = Tensor([] as [Float], shape: [2, 0])
    let axes = Tensor([1] as [Int64])
    for (op, value) in [
      ("ReduceSum", 0), ("ReduceProd", 1), ("ReduceMax", -.infinity), ("ReduceMin", .infinity), ("ReduceL2", 0),
      ("ReduceLogSum", -.infinity), ("ReduceLogSumExp", -.infinity), ("ReduceMean", .nan),
    ] as [(OpName, Float)] {
      expect(try evaluate(op, [nothing, axes])[0], Tensor([value, value], shape: [2, 1]))
    }
    let integers = Tensor([] as [Int32], shape: [0])
    expect(try evaluate("ReduceMean", [integers])[0], Tensor([0] as [Int32]))
  }

  @Test func emptyTensorsWithHugeExtentsTakeNoTime() throws {
    let shape = [0, 1 << 40]
    let empty = Tensor([] as [Float], shape: shape)
    #expect(try evaluate("ReduceSum", [empty, Tensor([1] as [Int64])])[0].shape == [0, 1])
    #expect(throws: OpError.self) { try evaluate("ReduceSum", [empty, Tensor([0] as [Int64])]) }
  }

  @Test func computedAxesKeepTheRankOnlyIfTheyStay() throws {
    let x = ValueType.tensor(.float32, [2, 3])
    let axes = ValueType.tensor(.int64, [1])
    #expect(try infer("ReduceSum", [x, axes]) == [.tensor(.float32, [.unknown, .unknown])])
    #expect(try infer("ReduceSum", [x, axes], ["keepdims": .int(0)]) == [.tensor(.float32, nil)])
    #expect(throws: OpError("'axes' expected in -2..<2, got 5")) {
      try infer("ReduceSum", [x, axes], constants: [nil, Tensor([5] as [Int64])])
    }
  }
}
