import DecantEngine
import DecantIR
import DecantOps
import DecantRuntime
import Testing

/// A node with its operands: what the engine and the reference are asked to compute.
struct KernelCase: Sendable, CustomTestStringConvertible {
  let op: OpName
  let attributes: Attributes
  /// The operands; nil where one is left out.
  let operands: [Tensor?]
  let results: Int
  let tolerance: Float

  /// Operands of float32 by their shapes.
  init(
    _ op: OpName, _ shapes: [[Int]?], _ attributes: Attributes = [:], results: Int = 1, then others: [Tensor?] = [],
    tolerance: Float = 2e-6
  ) {
    self.op = op
    self.attributes = attributes
    self.results = results
    self.tolerance = tolerance
    operands =
      shapes.enumerated().map { index, shape in shape.map { KernelCase.numbers($0, seed: UInt32(index)) } } + others
  }

  var testDescription: String {
    "\(op)\(operands.map { $0.map { "\($0.dataType)\($0.shape)" } ?? "-" }) \(attributes.map { "\($0.name): \($0.value)" })"
  }

  /// Numbers that repeat late, of either sign, the same every time.
  static func numbers(_ shape: [Int], seed: UInt32) -> Tensor {
    Tensor(of: Float.self, shape: shape) { span in
      var state = seed &* 747_796_405 &+ 1
      for index in span.indices {
        state = state &* 1_664_525 &+ 1_013_904_223
        span[index] = Float(state >> 8) / Float(1 << 22) - 2
      }
    }
  }

  /// What one backend gives.
  func run(_ backend: any Backend, threads: Int = 1) throws -> [Tensor]? {
    let request = KernelRequest(
      op: op, attributes: attributes, operands: operands.map { $0.map { ConcreteType($0.dataType, $0.shape) } },
      constants: operands, wanted: Array(repeating: true, count: results), threads: threads)
    guard let kernel = try backend.kernel(for: request) else { return nil }
    let call = KernelCall(
      operands: operands.enumerated().map { index, operand in
        kernel.absorbed.contains(index) ? nil : operand.map { .plain($0) }
      })
    return try kernel.run(call).map { (tensor) throws(OpError) in try tensor.plain() }
  }

  /// Computes it on both; the results agree to ``tolerance`` of their range, and do not depend on threads.
  func check(_ backend: any Backend = NativeBackend()) throws {
    let expected = try #require(try run(ReferenceBackend(StandardOps())))
    let got = try #require(try run(backend), "the engine does not compute it")
    #expect(try run(backend, threads: 4) == got)
    #expect(got.count >= results)
    for (a, b) in zip(got, expected).prefix(results) {
      #expect(a.shape == b.shape && a.dataType == b.dataType)
      guard a.dataType == .float32 else {
        #expect(a == b)
        continue
      }
      let (x, y) = (try #require(a.floats), try #require(b.floats))
      let range = max((y.max() ?? 0) - (y.min() ?? 0), 0.1)
      let error = zip(x, y).map { abs($0 - $1) }.max() ?? 0
      #expect(error <= tolerance * range, "largest difference \(error) of a range of \(range)")
    }
  }
}

private func ints(_ values: Int64...) -> Tensor { Tensor(values) }

@Suite struct KernelTests {
  @Test(arguments: [
    KernelCase("LSTM", [[5, 2, 3], [1, 76, 3], [1, 76, 19], [1, 152]], ["hidden_size": .int(19)], results: 3),
    KernelCase(
      "LSTM", [[4, 2, 3], [2, 128, 3], [2, 128, 32], nil, nil, [2, 2, 32], [2, 2, 32]],
      ["hidden_size": .int(32), "direction": .string("bidirectional")], results: 3),
    KernelCase(
      "GRU", [[5, 2, 3], [1, 51, 3], [1, 51, 17], [1, 102], nil, [1, 2, 17]],
      ["hidden_size": .int(17), "linear_before_reset": .int(1), "direction": .string("reverse")], results: 2),
  ]) func recurrent(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase("LayerNormalization", [[3, 5, 20], [20], [20]], ["axis": .int(-1)], results: 3),
    KernelCase("LayerNormalization", [[3, 5, 20], [5, 20]], ["axis": .int(1), "epsilon": .float(0.1)]),
    KernelCase("RMSNormalization", [[3, 5, 20], [20]]),
    KernelCase("SimplifiedLayerNormalization", [[3, 20], [20]], results: 2),
    KernelCase(
      .init("SkipLayerNormalization", domain: "com.microsoft"), [[2, 5, 8], [2, 5, 8], [8], [8], [8]], results: 4),
    KernelCase(.init("SkipLayerNormalization", domain: "com.microsoft"), [[2, 5, 8], [5, 8], [8]]),
    KernelCase(
      .init("SkipSimplifiedLayerNormalization", domain: "com.microsoft"), [[2, 5, 8], [1, 5, 8], [8], [8]], results: 4),
    KernelCase("GroupNormalization", [[2, 6, 5, 5], [6], [6]], ["num_groups": .int(2)]),
    KernelCase("InstanceNormalization", [[2, 6, 17], [6], [6]]),
    KernelCase("Softmax", [[4, 5, 37]]),
    KernelCase("Softmax", [[4, 37, 1]], ["axis": .int(1)]),
  ]) func normalizations(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase("Abs", [[5, 7]]), KernelCase("Erf", [[5, 7]]), KernelCase("Exp", [[5, 7]]),
    KernelCase("Gelu", [[5, 7]]), KernelCase("Gelu", [[5, 7]], ["approximate": .string("tanh")]),
    KernelCase("Neg", [[5, 7]]), KernelCase("Reciprocal", [[5, 7]]), KernelCase("Relu", [[5, 7]]),
    KernelCase("Sigmoid", [[5, 7]]), KernelCase("Sign", [[5, 7]]),
    KernelCase("Swish", [[5, 7]], ["alpha": .float(0.5)]),
    KernelCase("Tanh", [[]]), KernelCase("Pow", [[5, 7]], then: [Tensor(scalar: Float(2))]),
    KernelCase(.init("BiasGelu", domain: "com.microsoft"), [[5, 7], [7]]),
    KernelCase(.init("FastGelu", domain: "com.microsoft"), [[5, 7], [7]]),
    KernelCase(.init("FastGelu", domain: "com.microsoft"), [[5, 7]]),
    KernelCase(.init("Gelu", domain: "com.microsoft"), [[5, 7]]),
    KernelCase(.init("QuickGelu", domain: "com.microsoft"), [[5, 7]]),
  ]) func functions(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase("Add", [[4, 1, 5], [3, 1]]), KernelCase("Sub", [[], [3, 4]]),
    KernelCase("Mul", [[2, 3, 4], [2, 3, 4]]),
    KernelCase("Div", [[6, 4], [6, 1]]), KernelCase("Max", [[6, 4], [4]]), KernelCase("Min", [[1], [1]]),
    KernelCase("ReduceMean", [[3, 4, 50]], then: [ints(-1)]),
    KernelCase("ReduceSum", [[3, 4, 50]], ["keepdims": .int(0)], then: [ints(1)]),
    KernelCase("ReduceMean", [[3, 4, 50]]),
  ]) func arithmetic(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase("Transpose", [[2, 3, 4, 5]], ["perm": .ints([0, 2, 1, 3])]), KernelCase("Transpose", [[9, 33]]),
    KernelCase(
      "Transpose", [], ["perm": .ints([2, 0, 1])], then: [Tensor((0..<60).map(Int64.init), shape: [3, 4, 5])]),
    KernelCase("Expand", [[3, 1, 2]], then: [ints(2, 1, 4, 1)]), KernelCase("Tile", [[2, 3]], then: [ints(2, 2)]),
    KernelCase("Slice", [[7, 9]], then: [ints(1, -2), ints(6, -100), ints(0, 1), ints(2, -3)]),
    KernelCase("Slice", [[7, 9]], then: [ints(-3), ints(.max), ints(-1)]),
    KernelCase("Gather", [[5, 4]], then: [Tensor([Int64](arrayLiteral: 4, -5, 0, 1), shape: [2, 2])]),
    KernelCase("Gather", [[3, 5, 4]], ["axis": .int(1)], then: [Tensor([Int32](arrayLiteral: 4, -5))]),
    KernelCase("Cast", [[5, 7]], ["to": .int(10)]), KernelCase("Cast", [[5, 7]], ["to": .int(16)]),
    KernelCase("Cast", [], ["to": .int(1)], then: [ints(.max, -3, 16_777_217)]),
    KernelCase("Cast", [], ["to": .int(1)], then: [Tensor([Boolean(true), Boolean(false)])]),
    KernelCase("GatherND", [[3, 4, 5]], then: [Tensor([Int64](arrayLiteral: 2, -1, 0, 3), shape: [2, 2])]),
    KernelCase("GatherND", [[3, 4]], then: [Tensor([Int64](arrayLiteral: 2, -1, 0, 3), shape: [2, 1, 2])]),
    KernelCase("Concat", [[2, 3], [2, 1], [2, 4]], ["axis": .int(-1)]),
    KernelCase("Split", [[2, 7]], ["axis": .int(1), "num_outputs": .int(3)], results: 3),
    KernelCase("Split", [[7, 2]], results: 2, then: [ints(3, 4)]),
    KernelCase(
      "Where", [],
      then: [
        Tensor([Boolean(true), Boolean(false), Boolean(true)], shape: [3, 1]), KernelCase.numbers([3, 4], seed: 1),
        Tensor(scalar: Float(-9)),
      ]),
  ]) func movement(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase("Reshape", [[2, 3, 4]], then: [ints(0, -1)]), KernelCase("Reshape", [[2, 3]], then: [ints(3, 2)]),
    KernelCase("Flatten", [[2, 3, 4]], ["axis": .int(-1)]), KernelCase("Flatten", [[2, 3]], ["axis": .int(0)]),
    KernelCase("Identity", [[2, 3]]), KernelCase("Squeeze", [[1, 3, 1]]),
    KernelCase("Squeeze", [[1, 3, 1]], then: [ints(-1)]), KernelCase("Unsqueeze", [[2, 3]], then: [ints(-1, 0)]),
  ]) func views(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase("Pad", [[3, 5]], then: [ints(1, 2, 0, 3), Tensor(scalar: Float(7))]),
    KernelCase("Pad", [[2, 3, 5]], ["mode": .string("reflect")], then: [ints(1, 2, 0, 4), nil, ints(1, -1)]),
    KernelCase("Pad", [[2, 3]], ["mode": .string("edge")], then: [ints(2, 1, 0, 4)]),
    KernelCase("Pad", [], then: [Tensor((0..<6).map(Int64.init), shape: [2, 3]), ints(0, 0, 1, 0)]),
    KernelCase("MaxPool", [[2, 3, 6, 7]], ["kernel_shape": .ints([2, 3])]),
    KernelCase(
      "MaxPool", [[1, 2, 9, 8]],
      [
        "kernel_shape": .ints([3, 3]), "strides": .ints([2, 1]), "pads": .ints([1, 0, 1, 2]),
        "dilations": .ints([1, 2]), "ceil_mode": .int(1),
      ]),
  ]) func windows(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase("Attention", [[2, 3, 5, 8], [2, 3, 7, 8], [2, 3, 7, 6]]),
    KernelCase(
      "Attention", [[2, 5, 24], [2, 7, 24], [2, 7, 12], [2, 1, 1, 7]],
      [
        "q_num_heads": .int(3), "kv_num_heads": .int(3), "scale": .float(0.3),
      ]),
    KernelCase("Attention", [[1, 6, 5, 8], [1, 2, 5, 8], [1, 2, 5, 8]], ["is_causal": .int(1)]),
    KernelCase(
      .init("MultiHeadAttention", domain: "com.microsoft"), [[2, 5, 24], [2, 7, 24], [2, 7, 12]], ["num_heads": .int(3)]
    ),
  ]) func attention(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]) func comparisons(_ op: String) throws
  {
    try KernelCase(OpName(op), [[4, 1, 5], [3, 1]]).check()
    let (a, b) = (ints(3, .min, 2, 3), ints(3))
    try KernelCase(OpName(op), [], then: [a, b]).check()
    try KernelCase(OpName(op), [], then: [b, a]).check()
    let not = Tensor(scalar: Float.nan)
    try KernelCase(OpName(op), [[2, 3]], then: [not]).check()
  }

  @Test(arguments: ["And", "Or", "Xor"]) func logic(_ op: String) throws {
    let (a, b) = ([true, true, false, false].map { Boolean($0) }, [true, false].map { Boolean($0) })
    try KernelCase(OpName(op), [], then: [Tensor(a, shape: [2, 2]), Tensor(b)]).check()
  }

  @Test func aMaskOfBoolsHides() throws {
    let hidden = [true, false, true, false, false, false].map { Boolean($0) }
    try KernelCase(
      "Attention", [[1, 1, 2, 4], [1, 1, 3, 4], [1, 1, 3, 4]], then: [Tensor(hidden, shape: [2, 3])]
    ).check()
  }

  @Test func indicesOutOfRangeAreRefused() throws {
    let one = KernelCase("Gather", [[5, 4]], then: [ints(0, 5)])
    #expect(throws: OpError("operand 1: expected indices in -5..<5 along axis 0, got 5")) {
      _ = try one.run(NativeBackend())
    }
  }

  @Test func whatHasNoKernelIsLeftToOthers() throws {
    for one in [
      KernelCase("Attention", [[1, 1, 2, 4], [1, 1, 3, 4], [1, 1, 3, 4]], ["softcap": .float(2)]),
      KernelCase("Pow", [[2], [2]]), KernelCase("Softmax", [[2, 3]], ["axis": .int(0)]),
      KernelCase("Expand", [[1]], then: [ints(1 << 40, 1 << 40)]), KernelCase("Abs", [[0, 3]]),
    ] {
      #expect(try one.run(NativeBackend()) == nil)
    }
  }

  @Test func resultsBeyondTheLimitAreRefused() throws {
    let request = KernelRequest(
      op: "Exp", operands: [ConcreteType(.float32, [100])], constants: [nil])
    let kernel = try #require(try NativeBackend().kernel(for: request))
    let call = KernelCall(operands: [.plain(KernelCase.numbers([100], seed: 1))], byteLimit: 399)
    #expect(throws: OpError.self) { _ = try kernel.run(call) }
  }
}
