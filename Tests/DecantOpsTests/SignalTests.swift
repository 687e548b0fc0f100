import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX 1.23.2's reference evaluator.
@Suite struct SignalTests {
  @Test(arguments: [
    ("HannWindow", 0, [0, 0.5, 1, 0.5, 0] as [Float]),
    ("HannWindow", 1, [0, 0.345492, 0.904509, 0.904508, 0.345491]),
    ("HammingWindow", 0, [0.0869565, 0.771739, 0.771739, 0.0869565]),
    ("HammingWindow", 1, [0.0869565, 0.543478, 1, 0.543478]),
    ("BlackmanWindow", 0, [0, 0.20077, 0.84923, 0.84923, 0.20077, 0]),
    ("BlackmanWindow", 1, [0, 0.13, 0.63, 1, 0.63, 0.13]),
    ("HannWindow", 0, [1]),
    ("HannWindow", 1, []),
  ])
  func window(_ op: String, _ isPeriodic: Int64, _ wanted: [Float]) throws {
    let size = Tensor(scalar: Int64(wanted.count))
    expect(try evaluate(OpName(op), [size], ["periodic": .int(isPeriodic)])[0], Tensor(wanted))
  }

  @Test func windowOfAnotherType() throws {
    let result = try evaluate(
      "HannWindow", [Tensor(scalar: Int32(3))], ["periodic": .int(0), "output_datatype": .int(6)])
    expect(result[0], Tensor([0, 1, 0] as [Int32]))
  }

  private func distance(_ a: Complex, _ b: Complex) -> Double {
    let difference = a - b
    return difference.real.magnitude + difference.imaginary.magnitude
  }

  /// Against the sum that defines it, for lengths that take each of the three ways.
  @Test(arguments: [1, 2, 3, 8, 12, 17, 31, 64, 100, 127])
  func transformAndBack(_ length: Int) throws {
    let signal = (0..<length).map { index -> Complex in
      let (real, imaginary) = (index * 7 % 11 - 5, index * 3 % 13 - 6)
      return Complex(real: Double(real), imaginary: Double(imaginary))
    }
    let transform = FourierTransform(length: length)
    let bins = transform.forward(signal)
    for bin in 0..<length {
      var sum = Complex.nought
      for index in 0..<length {
        let turn = Double(bin * index % length) / Double(length)
        sum = sum + signal[index] * Complex.unit(-2 * Double.pi * turn)
      }
      #expect(distance(bins[bin], sum) < 1e-10 * Double(length))
    }
    for (back, own) in zip(transform.inverse(bins), signal) {
      #expect(distance(back, own) < 1e-12 * Double(length))
    }
  }

  @Test func alongAnInnerAxis() throws {
    expect(
      try evaluate("DFT", [ramp([1, 6, 2, 1]), nil, Tensor(scalar: Int64(1))])[0],
      Tensor(
        [
          -1.75, 0, 0.5, 0, -2.25, -0.866025, 0.5, -0.866025, 0.5, 1.29904, 0.5, -3.4641, -2.25, 0, 0.5, 0, 0.5,
          -1.29904, 0.5, 3.4641, -2.25, 0.866025, 0.5, 0.866025,
        ] as [Float], shape: [1, 6, 2, 2]))
  }

  @Test func halfOfAPaddedSignal() throws {
    expect(
      try evaluate(
        "DFT", [ramp([1, 6, 2, 1]), Tensor(scalar: Int64(7)), Tensor(scalar: Int64(-3))], ["onesided": .int(1)])[0],
      Tensor(
        [
          -1.75, 0, 0.5, 0, -1.56174, -0.964316, 1.04868, -1.13934, -1.13874, 2.26807, 2.4914, -1.58809, -0.799516,
          -1.342, -2.04008, 0.579757,
        ] as [Float], shape: [1, 4, 2, 2]))
  }

  @Test func inverse() throws {
    expect(
      try evaluate("DFT", [ramp([1, 4, 2])], ["inverse": .int(1)])[0],
      Tensor([-0.125, 0.25, -0.6875, -0.0625, -0.375, -0.375, -0.0625, 0.6875] as [Float], shape: [1, 4, 2]))
  }

  @Test(arguments: [
    (7 as Int64?, [0.0357143, -0.611268, -0.474161, -0.391398, 0.25359, 0.408166, -0.470643] as [Float]),
    (nil, [-0.125, -0.644338, -0.57735, -0.125, 0.57735, -0.355662]),
  ])
  func inverseOfHalf(_ length: Int64?, _ wanted: [Float]) throws {
    let operands = [ramp([1, 4, 2]), length.map { Tensor(scalar: $0) }]
    expect(
      try evaluate("DFT", operands, ["inverse": .int(1), "onesided": .int(1)])[0],
      Tensor(wanted, shape: [1, wanted.count, 1]))
  }

  @Test func frames() throws {
    expect(
      try evaluate("STFT", [ramp([1, 8, 1]), Tensor(scalar: Int64(3)), nil, Tensor(scalar: Int64(4))])[0],
      Tensor([0, 0, -0.75, 0.75, -3.5, 0, 1.75, 0, 2, 0.75, -0.75, 0] as [Float], shape: [1, 2, 3, 2]))
    expect(
      try evaluate(
        "STFT", [ramp([1, 5, 2]), Tensor(scalar: Int64(2)), ramp([3])], ["onesided": .int(0)])[0],
      Tensor(
        [
          1.1875, 0.375, 1.96651, -1.01675, 1.53349, -1.23325, 0.6875, 0.5625, -0.48774, 1.125, -1.13726, 1.125,
        ] as [Float], shape: [1, 2, 3, 2]))
  }

  @Test func melFilters() throws {
    let result = try evaluate(
      "MelWeightMatrix",
      [
        Tensor(scalar: Int64(3)), Tensor(scalar: Int64(16)), Tensor(scalar: Int64(8000)), Tensor(scalar: 100.0),
        Tensor(scalar: 3500.0),
      ], ["output_datatype": .int(11)])
    expect(
      result[0],
      Tensor(
        [1, 0, 0, 0, 1, 0, 0, 0.5, 0.5, 0, 0, 1] + [Double](repeating: 0, count: 15), shape: [9, 3]))
  }

  @Test func symbolsPassThrough() throws {
    let (batch, length) = (Dimension.symbol("B"), Dimension.symbol("T") * 2)
    let types: [ValueType?] = [.tensor(.float32, [batch, length, 1])]
    #expect(
      try infer("DFT", types, ["onesided": .int(1)]) == [.tensor(.float32, [batch, .symbol("T") + 1, 2])])
    #expect(
      try infer(
        "STFT", types + [.tensor(.int64, []), nil, .tensor(.int64, [])],
        constants: [nil, Tensor(scalar: Int64(2)), nil, Tensor(scalar: Int64(4))])
        == [.tensor(.float32, [batch, .symbol("T") - 1, 3, 2])])
    #expect(
      try infer("DFT", types + [nil, .tensor(.int64, [])]) == [.tensor(.float32, [batch, length, 2])])
    #expect(
      try infer("DFT", types + [nil, .tensor(.int64, [])], ["onesided": .int(1)])
        == [.tensor(.float32, [.unknown, .unknown, 2])])
  }

  @Test func refusals() {
    #expect(throws: OpError("'axis' expected other than the last, got -1")) {
      try evaluate("DFT", [ramp([1, 4, 1]), nil, Tensor(scalar: Int64(-1))])
    }
    #expect(throws: OpError("operand 0: expected 1 parts last for a spectrum of one side, got 2")) {
      try evaluate("DFT", [ramp([1, 4, 2])], ["onesided": .int(1)])
    }
    #expect(throws: OpError("'frame_step' expected one number in 1...2147483647, got [0]")) {
      try evaluate("STFT", [ramp([1, 4, 1]), Tensor(scalar: Int64(0))])
    }
    #expect(throws: OpError("frames expected to hold 1...4 samples, got 5")) {
      try evaluate("STFT", [ramp([1, 4, 1]), Tensor(scalar: Int64(1)), nil, Tensor(scalar: Int64(5))])
    }
  }
}
