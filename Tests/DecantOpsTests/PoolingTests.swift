import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX Runtime 1.31.1, optimizations off, or by ONNX 1.23.2's reference where that has no kernel.
@Suite struct PoolingTests {
  @Test func maximum() throws {
    let results = try evaluate(
      "MaxPool", [ramp([1, 2, 4, 4])],
      ["kernel_shape": .ints([2, 3]), "strides": .ints([1, 2]), "pads": .ints([0, 1, 1, 1])], results: 2)
    expect(
      results[0],
      Tensor(
        [0.5, 1.25, 0.75, 1, 0.75, 1.25, 0.5, 1.25, 1, 1, 1.25, 1.25, 1.25, 1.25, 1, 0.75] as [Float],
        shape: [1, 2, 4, 2]))
    expect(
      results[1], Tensor([1, 3, 9, 6, 9, 14, 12, 14, 17, 17, 25, 25, 25, 25, 28, 31] as [Int64], shape: [1, 2, 4, 2]))
  }

  @Test func maximumWithDilations() throws {
    let results = try evaluate(
      "MaxPool", [ramp([1, 1, 5, 5], modulus: 26)], ["kernel_shape": .ints([2, 2]), "dilations": .ints([2, 3])],
      results: 2)
    expect(results[0], Tensor([4, 5, 4.25, 2.75, 3.25, 5] as [Float], shape: [1, 1, 3, 2]))
    expect(results[1], Tensor([3, 11, 18, 6, 10, 11] as [Int64], shape: [1, 1, 3, 2]))
  }

  @Test func maximumWithCeiling() throws {
    let results = try evaluate(
      "MaxPool", [ramp([1, 1, 4, 4])],
      ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1)], results: 2)
    expect(results[0], Tensor([1, 1.25, 1.25, 1.25] as [Float], shape: [1, 1, 2, 2]))
    expect(results[1], Tensor([6, 3, 14, 14] as [Int64], shape: [1, 1, 2, 2]))
  }

  @Test func maximumColumnMajor() throws {
    let results = try evaluate(
      "MaxPool", [ramp([1, 2, 3, 4], modulus: 25)], ["kernel_shape": .ints([2, 2]), "storage_order": .int(1)],
      results: 2)
    expect(
      results[0],
      Tensor([1.25, 3, 4.75, 2, 3.75, 4.75, 3.5, 4.5, 4.5, 4.25, 4.25, 1.5] as [Float], shape: [1, 2, 2, 3]))
    expect(results[1], Tensor([4, 7, 10, 5, 8, 10, 16, 18, 18, 17, 17, 23] as [Int64], shape: [1, 2, 2, 3]))
  }

  @Test func maximumSameLower() throws {
    let results = try evaluate(
      "MaxPool", [ramp([1, 1, 5, 5], modulus: 26)],
      ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "auto_pad": .string("SAME_LOWER")])
    expect(results[0], Tensor([2.75, 4.5, 4, 5, 5, 4.25, 3, 4.75, 4.25] as [Float], shape: [1, 1, 3, 3]))
  }

  @Test func maximumInThreeDimensions() throws {
    let results = try evaluate(
      "MaxPool", [ramp([1, 1, 3, 3, 3], modulus: 28)], ["kernel_shape": .ints([2, 2, 2])], results: 2)
    expect(results[0], Tensor([4, 4, 4, 4, 4, 4, 4, 4] as [Float], shape: [1, 1, 2, 2, 2]))
    expect(results[1], Tensor([3, 11, 3, 7, 19, 11, 15, 23] as [Int64], shape: [1, 1, 2, 2, 2]))
  }

  @Test func maximumOfCodes() throws {
    let results = try evaluate(
      "MaxPool", [Tensor([3, 200, 7, 9, 1, 250] as [UInt8], shape: [1, 1, 6])],
      ["kernel_shape": .ints([3]), "strides": .ints([2]), "pads": .ints([1, 1])])
    expect(results[0], Tensor([200, 200, 250] as [UInt8], shape: [1, 1, 3]))
  }

  @Test func average() throws {
    let results = try evaluate(
      "AveragePool", [ramp([1, 2, 4, 4])],
      ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])])
    expect(
      results[0],
      Tensor([-0.3125, 0.25, -0.125, 0.0555556, 0.1875, -0.166667, 0.375, -0.0555556] as [Float], shape: [1, 2, 2, 2]))
  }

  @Test func averageCountsPads() throws {
    let results = try evaluate(
      "AveragePool", [ramp([1, 1, 4, 4])],
      [
        "kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2]),
        "count_include_pad": .int(1),
      ])
    expect(results[0], Tensor([-0.138889, 0.166667, -0.0833333, 0.0555556] as [Float], shape: [1, 1, 2, 2]))
  }

  @Test func averageWithCeiling() throws {
    let results = try evaluate(
      "AveragePool", [ramp([1, 1, 4, 5])],
      ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1)])
    expect(results[0], Tensor([-0.222222, 0.222222, -0.0833333, 0.208333] as [Float], shape: [1, 1, 2, 2]))
  }

  @Test func averageWithCeilingCountsPads() throws {
    let results = try evaluate(
      "AveragePool", [ramp([1, 1, 4, 5])],
      [
        "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1), "count_include_pad": .int(1),
        "pads": .ints([1, 1, 1, 1]),
      ])
    expect(
      results[0],
      Tensor(
        [-0.0555556, 0.138889, 0.138889, -0.194444, -0.111111, -0.0555556, -0.0833333, 0.0416667, -0.166667] as [Float],
        shape: [1, 1, 3, 3]))
  }

  @Test func averageWithDilations() throws {
    let results = try evaluate(
      "AveragePool", [ramp([1, 1, 5, 5])],
      [
        "kernel_shape": .ints([2, 2]), "dilations": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]),
        "count_include_pad": .int(1),
      ])
    expect(
      results[0],
      Tensor(
        [
          0.25, -0.1875, 0, 0.1875, -0.25, -0.1875, -0.375, 0, 0.375, 0.1875, 0.0625, 0.125, -0.1875, 0.1875, -0.25,
          -0.375, -0.0625, -0.375, 0, 0, -0.1875, 0.3125, -0.1875, 0, 0,
        ] as [Float], shape: [1, 1, 5, 5]))
  }

  @Test func norm() throws {
    let results = try evaluate(
      "LpPool", [ramp([1, 1, 4, 4])], ["kernel_shape": .ints([2, 2]), "p": .int(3), "strides": .ints([2, 1])])
    expect(results[0], Tensor([1.36003, 1.18686, 1.45466, 1.18686, 1.36003, 1.57909] as [Float], shape: [1, 1, 2, 3]))
  }

  @Test func globalAverage() throws {
    let results = try evaluate(
      "GlobalAveragePool", [ramp([2, 2, 3, 3])])
    expect(results[0], Tensor([-0.0555556, 0.111111, -0.0277778, -0.166667] as [Float], shape: [2, 2, 1, 1]))
  }

  @Test func globalMaximum() throws {
    let results = try evaluate(
      "GlobalMaxPool", [ramp([2, 2, 3, 3])])
    expect(results[0], Tensor([1.25, 1.25, 1.25, 1] as [Float], shape: [2, 2, 1, 1]))
  }

  @Test func globalNorm() throws {
    let results = try evaluate(
      "GlobalLpPool", [ramp([1, 2, 3])], ["p": .int(1)])
    expect(results[0], Tensor([2.25, 2.25] as [Float], shape: [1, 2, 1]))
  }

  @Test func channelResponse() throws {
    let results = try evaluate(
      "LRN", [ramp([1, 5, 2, 1])], ["size": .int(3), "alpha": .float(0.5), "beta": .float(0.5), "bias": .float(2)])
    expect(
      results[0],
      Tensor(
        [-0.823852, 0.329541, -0.328798, 0.807573, 0.167836, -0.488813, 0.653197, 0, -0.654654, 0.518321] as [Float],
        shape: [1, 5, 2, 1]))
  }

  @Test func theLastWindowThatWouldStartInThePaddingIsLeftOut() throws {
    let shape = try infer(
      "MaxPool", [.tensor(.float32, [1, 1, 4, 4])],
      ["kernel_shape": .ints([1, 1]), "strides": .ints([3, 3]), "pads": .ints([0, 0, 2, 2]), "ceil_mode": .int(1)])
    #expect(shape[0] == .tensor(.float32, [1, 1, 2, 2]))
  }

  @Test(
    arguments: [
      ["kernel_shape": .ints([0])], ["kernel_shape": .ints([9])], ["kernel_shape": .ints([2, 2])],
      ["kernel_shape": .ints([2]), "pads": .ints([2, 2])],
      ["kernel_shape": .ints([2]), "strides": .ints([1 << 40])],
    ] as [Attributes])
  func hostileWindowsAreRefused(_ attributes: Attributes) {
    #expect(throws: OpError.self) { try evaluate("AveragePool", [ramp([1, 1, 4])], attributes) }
  }

  @Test func theLargestWindowIsMostlyPadding() throws {
    let largest = Attribute.ints([1 << 31 - 1])
    let results = try evaluate(
      "MaxPool", [ramp([1, 1, 4])],
      ["kernel_shape": largest, "dilations": largest, "auto_pad": .string("SAME_UPPER")])
    #expect(results[0].shape == [1, 1, 4])
  }
}
