import DecantIR
import Testing

/// Results computed by PyTorch 2 in float64.
@Suite struct ActivationTests {
  private static let x = Tensor([-3, -0.5, 0, 0.5, 3] as [Float])

  @Test(
    arguments: [
      ("Relu", [:], [0, 0, 0, 0.5, 3]),
      ("LeakyRelu", ["alpha": .float(0.1)], [-0.3, -0.05, 0, 0.5, 3]),
      ("Elu", [:], [-0.95021293, -0.39346934, 0, 0.5, 3]),
      ("Selu", [:], [-1.67056873, -0.69175819, 0, 0.52535050, 3.15210295]),
      ("Celu", ["alpha": .float(2)], [-1.55373968, -0.44239843, 0, 0.5, 3]),
      ("Sigmoid", [:], [0.04742587, 0.37754067, 0.5, 0.62245933, 0.95257413]),
      ("HardSigmoid", [:], [0, 0.4, 0.5, 0.6, 1]),
      ("HardSwish", [:], [0, -0.20833333, 0, 0.29166667, 3]),
      ("Tanh", [:], [-0.99505475, -0.46211716, 0, 0.46211716, 0.99505475]),
      ("Softplus", [:], [0.04858735, 0.47407698, 0.69314718, 0.97407698, 3.04858735]),
      ("Softsign", [:], [-0.75, -0.33333333, 0, 0.33333333, 0.75]),
      ("Gelu", [:], [-0.00404969, -0.15426877, 0, 0.34573123, 2.99595031]),
      ("Gelu", ["approximate": .string("tanh")], [-0.00363739, -0.15428599, 0, 0.34571401, 2.99636261]),
      ("Mish", [:], [-0.14564746, -0.22074377, 0, 0.37524521, 2.98653500]),
      ("Swish", ["alpha": .float(1)], [-0.14227762, -0.18877033, 0, 0.31122967, 2.85772238]),
      ("ThresholdedRelu", [:], [0, 0, 0, 0, 3]),
      ("Shrink", ["bias": .float(1), "lambd": .float(0.6)], [-2, 0, 0, 0, 2]),
      ("Softmax", [:], [0.00212851, 0.02593056, 0.04275226, 0.07048656, 0.85870211]),
      ("LogSoftmax", [:], [-6.1523332, -3.6523332, -3.1523332, -2.6523332, -0.1523332]),
      ("Hardmax", [:], [0, 0, 0, 0, 1]),
    ] as [(OpName, Attributes, [Float])])
  func values(op: OpName, attributes: Attributes, wanted: [Float]) throws {
    expect(try evaluate(op, [ActivationTests.x], attributes)[0], Tensor(wanted), within: 2e-5)
  }

  @Test func softmaxAlongAnInnerAxis() throws {
    let result = try evaluate("Softmax", [Tensor([0, 1, 0, 3] as [Float], shape: [2, 2])], ["axis": .int(0)])
    expect(result[0], Tensor([0.5, 0.11920292, 0.5, 0.88079708] as [Float], shape: [2, 2]))
  }

  /// Half types round after each step, as ONNX 1.23.2's reference does with NumPy and ml_dtypes.
  @Test func softmaxInSteps() throws {
    let x: [Float] = [0.5, 1.25, -0.75, 2, 0.1, 3.3]
    let short: [Float] = [
      0.040283203125, 0.0849609375, 0.0113525390625, 0.1806640625, 0.0267333984375, 0.66015625,
    ]
    let half: [Float] = [
      0.03997802734375, 0.08465576171875, 0.0114593505859375, 0.17919921875, 0.02679443359375, 0.658203125,
    ]
    #expect(try evaluate("Softmax", [Tensor(x.map { BFloat16($0) })])[0] == Tensor(short.map { BFloat16($0) }))
    #expect(try evaluate("Softmax", [Tensor(x.map { Float16($0) })])[0] == Tensor(half.map { Float16($0) }))
    // A sum of 512 ones in bfloat16, one after the other, would stop at 256.
    let long = Tensor([BFloat16](repeating: BFloat16(1), count: 512))
    #expect(
      try evaluate("Softmax", [long])[0] == Tensor([BFloat16](repeating: BFloat16(1.0 / 512), count: 512)))
  }

  @Test func largeNumbersDoNotOverflow() throws {
    let x = Tensor([-1e4, 1e4] as [Float])
    expect(try evaluate("Softmax", [x])[0], Tensor([0, 1] as [Float]))
    expect(try evaluate("Softplus", [x])[0], Tensor([0, 1e4] as [Float]))
    expect(try evaluate("Sigmoid", [x])[0], Tensor([0, 1] as [Float]))
  }

  @Test func nanStays() throws {
    for op in ["Relu", "Sigmoid", "HardSwish", "Gelu", "Softmax", "Tanh", "Softplus"] as [OpName] {
      expect(try evaluate(op, [Tensor([.nan] as [Float])])[0], Tensor([.nan] as [Float]))
    }
  }

  @Test func dropoutPassesOn() throws {
    let result = try evaluate("Dropout", [ActivationTests.x], results: 2)
    expect(result[0], ActivationTests.x)
    expect(result[1], tensor([1, 1, 1, 1, 1], [5], of: Boolean.self))
  }

  @Test func gatedSwish() throws {
    let results = try evaluate("SwiGLU", [ramp([2, 3]), ramp([2, 3], step: 3)], ["alpha": .float(1.5)])
    expect(
      results[0],
      Tensor([0.207757, -0.169795, -0.0401027, 1.08379, -0.148167, 0.0459534] as [Float], shape: [2, 3]))
    #expect(throws: OpError("operand 1: expected shape [2,3], got [3]")) {
      try evaluate("SwiGLU", [ramp([2, 3]), ramp([3])])
    }
  }
}
