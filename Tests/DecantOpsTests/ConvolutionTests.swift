import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX Runtime 1.31.1, optimizations off, or by ONNX 1.23.2's reference where that has no kernel.
@Suite struct ConvolutionTests {
  @Test func oneDimension() throws {
    let results = try evaluate(
      "Conv", [ramp([1, 2, 6]), ramp([3, 2, 3], step: 5), ramp([3], scale: 1.0)],
      ["pads": .ints([1, 2]), "strides": .ints([2])])
    expect(
      results[0],
      Tensor(
        [-3.375, -5.4375, -7.3125, -3.75, 3.4375, 2.1875, 3.125, 2.6875, -4.1875, -1.875, -1.5625, -3.25] as [Float],
        shape: [1, 3, 4]))
  }

  @Test func twoDimensionsWithDilationsAndPads() throws {
    let results = try evaluate(
      "Conv", [ramp([1, 2, 5, 5]), ramp([2, 2, 3, 2], step: 5)],
      ["pads": .ints([1, 0, 2, 1]), "dilations": .ints([2, 1]), "strides": .ints([1, 2])])
    expect(
      results[0],
      Tensor(
        [
          -0.5625, 2.875, -0.125, 2.4375, -0.5625, 1.0625, 1.125, 2.625, -2.4375, 0.75, -1.1875, -1.8125, 1.6875, -2.5,
          1.375, -1.75, 1, -0.125, 1.3125, -2.75, 1.125, -1.625, -1.5625, 0.125,
        ] as [Float], shape: [1, 2, 4, 3]))
  }

  @Test func groups() throws {
    let results = try evaluate(
      "Conv", [ramp([2, 4, 3, 3]), ramp([4, 2, 2, 2], step: 3), ramp([4])], ["group": .int(2)])
    expect(
      results[0],
      Tensor(
        [
          -0.4375, -0.4375, -3.875, -1.125, 2.625, -0.6875, 0.9375, 0.375, 1.25, -2.625, -0.75, 0.875, 2.4375, 2.8125,
          1.5, -0.1875, -3.875, -1.125, -3.875, -1.125, 0.9375, 0.375, 1.3125, 0.75, -0.75, 0.875, -2.75, 0.25, 1.5,
          -0.1875, 1.9375, 0.25,
        ] as [Float], shape: [2, 4, 2, 2]))
  }

  @Test func depthwise() throws {
    let results = try evaluate(
      "Conv", [ramp([1, 3, 4, 4]), ramp([3, 1, 3, 3], step: 3)],
      ["group": .int(3), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])])
    expect(
      results[0],
      Tensor(
        [2, 1.5625, 1.5, 2.875, 0.5, -0.6875, 1.75, -2.25, 1.9375, -3, -2.1875, -2.3125] as [Float],
        shape: [1, 3, 2, 2]))
  }

  @Test func threeDimensions() throws {
    let results = try evaluate(
      "Conv", [ramp([1, 1, 3, 3, 4]), ramp([1, 1, 2, 2, 2], step: 4)], ["pads": .ints([0, 1, 0, 1, 0, 1])])
    expect(
      results[0],
      Tensor(
        [
          -1.9375, 1.5625, -2.5, 0.75, 2.6875, -1.5625, 1.0625, -0.8125, -1.25, 1.375, -0.125, -1.3125, 1.5625, -2.5,
          0.3125, 0.75, -1.5625, 1.0625, -0.4375, -1.625, 1.375, -0.125, -0.9375, 2, -1.625, 0.6875, 0.9375, -0.5625,
          1.0625, -0.625, -1.625, 1.5, -0.1875, -1.1875, 1.9375, -1.3125,
        ] as [Float], shape: [1, 1, 3, 3, 4]))
  }

  @Test func pointwise() throws {
    let results = try evaluate(
      "Conv", [ramp([1, 3, 2, 2]), ramp([2, 3, 1, 1], step: 3), ramp([2])])
    expect(
      results[0],
      Tensor([-0.0625, -1.3125, -1.1875, -3.125, -0.75, 1.5625, -0.9375, 2.0625] as [Float], shape: [1, 2, 2, 2]))
  }

  @Test func sameUpper() throws {
    let results = try evaluate(
      "Conv", [ramp([1, 1, 5, 4]), ramp([1, 1, 2, 3], step: 3)],
      ["auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])])
    expect(results[0], Tensor([1.9375, 1, 1.5, 1.9375, 0.4375, 0.5] as [Float], shape: [1, 1, 3, 2]))
  }

  @Test func sameLower() throws {
    let results = try evaluate(
      "Conv", [ramp([1, 1, 5, 4]), ramp([1, 1, 2, 3], step: 3)],
      ["auto_pad": .string("SAME_LOWER"), "strides": .ints([2, 3])])
    expect(results[0], Tensor([1.125, -1.75, 0.5, -0.25, 0.125, -0.6875] as [Float], shape: [1, 1, 3, 2]))
  }

  @Test func valid() throws {
    let results = try evaluate(
      "Conv", [ramp([1, 1, 4, 4]), ramp([1, 1, 2, 3], step: 3)],
      ["auto_pad": .string("VALID"), "kernel_shape": .ints([2, 3])])
    expect(results[0], Tensor([1.9375, -1.8125, -1.375, 1.75, 1.5, -2.9375] as [Float], shape: [1, 1, 3, 2]))
  }

  @Test func transposed() throws {
    let results = try evaluate(
      "ConvTranspose", [ramp([1, 2, 3, 3]), ramp([2, 2, 3, 3], step: 5), ramp([2])],
      ["strides": .ints([2, 1]), "pads": .ints([1, 0, 0, 1]), "output_padding": .ints([1, 0])])
    expect(
      results[0],
      Tensor(
        [
          -0.75, -3.625, 0, -0.4375, -3.1875, -0.125, -2.5625, 0.875, -1.4375, -0.8125, -0.5, -3.6875, -1.125, -2.0625,
          1.9375, -0.125, -1.4375, -0.75, -0.3125, -3.5, -0.1875, -3, 0.1875, -1.5, -1.25, -1.25, -1.25, -1.25, 0.875,
          -1.9375, 1.25, 0.9375, -3.1875, 2.625, -0.8125, 1.625, 0.75, 1.3125, 1.75, -1.875, 0, 1.5625, -1.875, 1.5,
          0.625, 1.125, 1.5625, -1.9375, 1.1875, 0.9375, -0.6875, 0.0625, 0.5, 0.5, 0.5, 0.5,
        ] as [Float], shape: [1, 2, 7, 4]))
  }

  @Test func transposedGroupsAndDilations() throws {
    let results = try evaluate(
      "ConvTranspose", [ramp([1, 4, 2, 2]), ramp([4, 1, 2, 2], step: 5)],
      ["group": .int(2), "dilations": .ints([2, 1]), "strides": .ints([1, 2])])
    expect(
      results[0],
      Tensor(
        [
          1.8125, -0.125, -1.375, 0.375, 1.625, -0.5, -1.5625, 0, -1.375, 0.125, 0.0625, 0.4375, 0.125, -0.625, 1.5625,
          -0.3125, -0.5, 1.625, 0.375, -1.375, -0.125, 1.8125, -0.625, 1.5625, -0.375, 1.75, 0.3125, -1.4375, -0.375,
          1.5625, -0.375, 1.8125,
        ] as [Float], shape: [1, 2, 4, 4]))
  }

  @Test func transposedToShape() throws {
    let results = try evaluate(
      "ConvTranspose", [ramp([1, 1, 3, 3]), ramp([1, 2, 3, 3], step: 5)],
      ["output_shape": .ints([7, 6]), "strides": .ints([2, 2])])
    expect(
      results[0],
      Tensor(
        [
          0, -2.1875, 0, 1.25, 0, -0.625, -1.25, 0.5, 0.5, -0.125, -0.5, 0.25, 0.9375, 1, -0.375, 1.125, 0.375, -1.1875,
          1.25, -0.6875, 0.25, 0.0625, -0.75, 0.375, -0.9375, 2.0625, -0.1875, 0.8125, 0.5625, -1.625, 1, -0.5, 0, 0.25,
          -1, 0.5, -0.75, 0.5, 0, -0.75, 0.75, -0.5, -0.3125, 1.0625, 0.125, -0.125, -0.125, 0.625, -1.5625, 0.3125,
          0.625, -0.125, -0.625, 0.125, 0.9375, -2.25, -0.1875, 0.3125, 0.0625, 0.5625, 1.5625, -0.3125, 0.3125,
          -0.0625, -0.9375, 0.1875, -0.375, -0.0625, -0.125, 0.4375, 0.125, 0.6875, 1.25, -0.25, 0, 0, -1.25, 0.25,
          -0.5, 0.75, 0, -1, 0.5, -0.75,
        ] as [Float], shape: [1, 2, 7, 6]))
  }

  @Test func transposedSameUpper() throws {
    let results = try evaluate(
      "ConvTranspose", [ramp([1, 1, 3]), ramp([1, 1, 4], step: 5)],
      ["auto_pad": .string("SAME_UPPER"), "strides": .ints([2])])
    expect(results[0], Tensor([0, -2.1875, 0.3125, 1.25, -0.125, -0.625] as [Float], shape: [1, 1, 6]))
  }

  @Test func transposedSameLower() throws {
    let results = try evaluate(
      "ConvTranspose", [ramp([1, 1, 3]), ramp([1, 1, 5], step: 5)],
      ["auto_pad": .string("SAME_LOWER"), "strides": .ints([2])])
    expect(results[0], Tensor([-2.1875, 0.3125, 0, -0.125, -0.125, 0.125] as [Float], shape: [1, 1, 6]))
  }

  @Test func integer() throws {
    let results = try evaluate(
      "ConvInteger",
      [
        Tensor([2, 3, 4, 5, 6, 7, 8, 9, 10] as [UInt8], shape: [1, 1, 3, 3]),
        Tensor([1, 1, 1, 1] as [UInt8], shape: [1, 1, 2, 2]), Tensor([1] as [UInt8], shape: []),
      ], ["pads": .ints([1, 0, 0, 1])])
    expect(results[0], Tensor([3, 5, 3, 12, 16, 9, 24, 28, 15] as [Int32], shape: [1, 1, 3, 3]))
  }

  @Test func quantized() throws {
    let results = try evaluate(
      "QLinearConv",
      [
        Tensor(
          [
            0, 37, 74, 111, 148, 185, 222, 8, 45, 82, 119, 156, 193, 230, 16, 53, 90, 127, 164, 201, 238, 24, 61, 98,
            135, 172, 209, 246, 32, 69, 106, 143,
          ] as [UInt8], shape: [1, 2, 4, 4]), Tensor([0.02] as [Float], shape: []), Tensor([120] as [UInt8], shape: []),
        Tensor(
          [
            -127, -98, -69, -40, -11, 18, 47, 76, 105, -121, -92, -63, -34, -5, 24, 53, 82, 111, -115, -86, -57, -28, 1,
            30,
          ] as [Int8], shape: [3, 2, 2, 2]), Tensor([0.01, 0.02, 0.005] as [Float], shape: [3]),
        Tensor([0, 0, 0] as [Int8], shape: [3]), Tensor([0.05] as [Float], shape: []),
        Tensor([100] as [UInt8], shape: []), Tensor([100, -2000, 0] as [Int32], shape: [3]),
      ])
    expect(
      results[0],
      Tensor(
        [
          171, 93, 103, 94, 75, 143, 87, 97, 136, 0, 0, 0, 116, 145, 255, 0, 0, 136, 42, 37, 75, 138, 162, 102, 36, 74,
          127,
        ] as [UInt8], shape: [1, 3, 3, 3]))
  }

  @Test func halvesAreRoundedOnce() throws {
    let x = Tensor([1, 2, 3].map { Float16($0) }, shape: [1, 1, 3])
    let w = Tensor([0.5, 0.25].map { Float16($0) }, shape: [1, 1, 2])
    expect(try evaluate("Conv", [x, w])[0], Tensor([1, 1.75].map { Float16($0) }, shape: [1, 1, 2]))
  }

  @Test func symbolsGoThroughWindows() throws {
    let x = ValueType.tensor(.float32, [.symbol("N"), 3, .symbol("H") * 2, .symbol("W")])
    let w = ValueType.tensor(.float32, [8, 3, 3, 3])
    let padded = try infer("Conv", [x, w], ["pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 1])])
    #expect(padded == [.tensor(.float32, [.symbol("N"), 8, .symbol("H"), .symbol("W")])])
    let same = try infer("Conv", [x, w], ["auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])])
    #expect(same == [.tensor(.float32, [.symbol("N"), 8, .symbol("H"), .symbol("floor((W+1)/2)")])])
    let up = try infer("ConvTranspose", [x, .tensor(.float32, [3, 4, 2, 2])], ["strides": .ints([2, 2])])
    #expect(up == [.tensor(.float32, [.symbol("N"), 4, .symbol("H") * 4, .symbol("W") * 2])])
  }

  @Test(
    arguments: [
      (["strides": .ints([0, 1])], "'strides' expected numbers in 1...2147483647, got [0, 1]"),
      (["pads": .ints([-1, 0, 0, 0])], "'pads' expected numbers in 0...2147483647, got [-1, 0, 0, 0]"),
      (["dilations": .ints([1])], "'dilations' expected 2 numbers, got [1]"),
      (["dilations": .ints([1 << 30, 1])], "a window of 1073741825 does not fit into 4 along spatial axis 0"),
      (["group": .int(0)], "weights [1,1,2,2] in 0 groups do not fit the input's 1 channels"),
      (["auto_pad": .string("SAME")], "'auto_pad' expected NOTSET, SAME_UPPER, SAME_LOWER or VALID, got 'SAME'"),
    ] as [(Attributes, String)])
  func hostileAttributesAreRefused(_ attributes: Attributes, _ message: String) {
    #expect(throws: OpError(message)) {
      try evaluate("Conv", [ramp([1, 1, 4, 4]), ramp([1, 1, 2, 2])], attributes)
    }
  }

  @Test func hugeResultsAreRefused() {
    #expect(throws: OpError.self) {
      try evaluate(
        "ConvTranspose", [ramp([1, 1, 4, 4]), ramp([1, 1, 2, 2])], ["strides": .ints([1 << 30, 1 << 30])])
    }
  }
}
