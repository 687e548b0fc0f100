import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX 1.23.2's reference evaluator.
@Suite struct DecodingStateTests {
  @Test(arguments: [
    ("none", [0, -0.5, -0.0625, 1.6875, -1.0625, 1.6875] as [Float]),
    ("silu", [0, -0.18877, -0.0302738, 1.42407, -0.272884, 1.42407]),
  ])
  func convolution(_ activation: String, _ wanted: [Float]) throws {
    let results = try evaluate(
      "CausalConvWithState", [ramp([1, 2, 3]), ramp([2, 1, 3], step: 3), ramp([2]), ramp([1, 2, 2], step: 5)],
      ["activation": .string(ByteString(activation))], results: 2)
    expect(results[0], Tensor(wanted, shape: [1, 2, 3]))
    expect(results[1], Tensor([0.5, -0.5, 0.25, -0.75] as [Float], shape: [1, 2, 2]))
  }

  @Test func convolutionShorterThanItsState() throws {
    let results = try evaluate("CausalConvWithState", [ramp([1, 1, 1]), ramp([1, 1, 4], step: 3)], results: 2)
    expect(results[0], Tensor([-1.25] as [Float], shape: [1, 1, 1]))
    expect(results[1], Tensor([0, 0, -1.25] as [Float], shape: [1, 1, 3]))
  }

  private static let heads: Attributes = ["q_num_heads": .int(4), "kv_num_heads": .int(2)]
  private static let keys: [Tensor?] = [ramp([1, 2, 8]), ramp([1, 2, 4], step: 3), ramp([1, 2, 6], step: 5)]
  private static let past = ramp([1, 2, 2, 3], step: 2)

  private func attend(_ rule: String, _ more: [Tensor?], scale: Float = 0) throws -> [Tensor] {
    var attributes = DecodingStateTests.heads
    attributes["update_rule"] = .string(ByteString(rule))
    attributes["scale"] = .float(scale)
    return try evaluate("LinearAttention", DecodingStateTests.keys + more, attributes, results: 2)
  }

  /// Magnitudes of a ramp, negative, as decays are.
  private func decay(_ shape: [Int]) -> Tensor {
    Tensor((ramp(shape, step: 4).array(of: Float.self) ?? []).map { -$0.magnitude }, shape: shape)
  }

  private func beta(_ shape: [Int]) -> Tensor {
    Tensor((ramp(shape, step: 6, scale: 0.1).array(of: Float.self) ?? []).map(\.magnitude), shape: shape)
  }

  @Test func linear() throws {
    let results = try attend("linear", [])
    expect(
      results[0],
      Tensor(
        [
          -1.1601, 0, 1.1601, 0, 0, 0, 0.121534, -0.486136, 0.243068, -0.0441942, 0.176777, -0.0883883, -0.342505,
          -0.430893, 1.06066, -0.53033, -0.298311, 1.02751, 0.331456, -0.331456, 0.464039, -0.762349, 0.563476,
          -1.02751,
        ] as [Float], shape: [1, 2, 12]))
    expect(
      results[1],
      Tensor(
        [0.8125, 0.75, -2.0625, 0.4375, 0.1875, -0.75, -0.5625, 0.375, -0.75, -1.5, 1.3125, -2.0625] as [Float],
        shape: [1, 2, 2, 3]))
  }

  @Test func gatedByHead() throws {
    let results = try attend("gated", [DecodingStateTests.past, decay([1, 2, 2])], scale: 0.5)
    expect(
      results[0],
      Tensor(
        [
          -0.578574, 0.188019, 0.954612, 0.134299, 0.188019, 0.241738, -0.157438, -0.684475, 0.536938, -0.42065,
          -0.0697002, -0.0625, 0.143634, -0.215874, 0.541806, -0.0658398, -0.261688, 0.315901, 0.0973051, -0.223292,
          0.358396, -0.655775, 0.166934, -0.682437,
        ] as [Float], shape: [1, 2, 12]))
  }

  @Test func deltaOfOneRate() throws {
    let results = try attend("delta", [DecodingStateTests.past, nil, beta([1, 2, 1])])
    expect(
      results[1],
      Tensor(
        [
          0.288672, -0.305859, -1.17539, 0.886621, 0.91377, 0.872168, -1.10156, -0.526172, 0.0835937, 0.152344,
          0.958008, -0.900391,
        ] as [Float], shape: [1, 2, 2, 3]))
  }

  @Test func gatedDeltaByElement() throws {
    let results = try attend("gated_delta", [DecodingStateTests.past, decay([1, 2, 4]), beta([1, 2, 2])])
    expect(
      results[0],
      Tensor(
        [
          -0.357225, 0.407321, 1.17187, 0.298711, 0.592248, 0.885785, -0.165698, -0.270449, 0.245824, -0.339597,
          -0.154789, -0.000709771, -0.00548769, 0.0622337, 0.761932, -0.0767227, -0.294827, -0.0754087, -0.0672745,
          -0.150323, 0.169887, -0.316751, -0.0476357, -0.170107,
        ] as [Float], shape: [1, 2, 12]))
    expect(
      results[1],
      Tensor(
        [
          0.0633584, 0.141006, -0.881346, 0.0741301, 0.305357, 0.261584, -0.330349, -0.115774, -0.0802932, -0.140068,
          0.309404, -0.560806,
        ] as [Float], shape: [1, 2, 2, 3]))
  }

  @Test(arguments: [
    (
      "linear", [1, 2] as [Int64],
      [-1.25, 0.5, -1.25, -0.5, 0.25, 1, 1, 0, -1, 0.75, -0.25, -1.25, -1, -0.25, 0.5, 1.25] as [Float]
    ),
    (
      "circular", [3, 9],
      [0.25, 1, -0.5, 1.25, 0.25, -0.75, -1.25, -0.5, -1, 0.75, -1, -0.25, 0.5, 1.25, 1.25, 0.25]
    ),
  ])
  func cache(_ mode: String, _ places: [Int64], _ wanted: [Float]) throws {
    let results = try evaluate(
      "TensorScatter", [ramp([2, 4, 2]), ramp([2, 2, 2], step: 3), Tensor(places)],
      ["mode": .string(ByteString(mode))])
    expect(results[0], Tensor(wanted, shape: [2, 4, 2]))
  }

  @Test func cacheAlongTheLastAxis() throws {
    let results = try evaluate("TensorScatter", [ramp([2, 4, 2]), ramp([2, 4, 1], step: 3)], ["axis": .int(-1)])
    expect(
      results[0],
      Tensor(
        [-1.25, 0.5, -0.5, 1.25, 0.25, -0.75, 1, 0, -1, 0.75, -0.25, -1.25, 0.5, -0.5, 1.25, 0.25] as [Float],
        shape: [2, 4, 2]))
  }

  @Test func symbolsPassThrough() throws {
    let (batch, steps) = (Dimension.symbol("B"), Dimension.symbol("T"))
    let attention = try infer(
      "LinearAttention",
      [
        .tensor(.float16, [batch, steps, 8]), .tensor(.float16, [batch, steps, 4]),
        .tensor(.float16, [batch, steps, 6]), .tensor(.float32, nil),
      ], DecodingStateTests.heads, results: 2)
    #expect(attention == [.tensor(.float16, [batch, steps, 12]), .tensor(.float32, [batch, 2, 2, 3])])
    let convolution = try infer(
      "CausalConvWithState", [.tensor(.float32, [batch, 4, steps]), .tensor(.float32, [4, 1, 3])], results: 2)
    #expect(convolution[1] == .tensor(.float32, [batch, 4, 2]))
  }

  @Test func refusals() {
    #expect(throws: OpError("the update rule 'gated_delta' expects 'decay', which is left out")) {
      try evaluate("LinearAttention", DecodingStateTests.keys, DecodingStateTests.heads, results: 2)
    }
    #expect(throws: OpError("'q_num_heads' expected a multiple of 'kv_num_heads', got 3 and 2")) {
      try infer(
        "LinearAttention", [.unknown, .unknown, .unknown], ["q_num_heads": .int(3), "kv_num_heads": .int(2)])
    }
    #expect(throws: OpError("operand 2: expected places in 0...2, got 3")) {
      try evaluate("TensorScatter", [ramp([1, 4, 2]), ramp([1, 2, 2]), Tensor([3] as [Int64])])
    }
    #expect(throws: OpError("'axis' expected other than the batch's, got 0")) {
      try evaluate("TensorScatter", [ramp([1, 4, 2]), ramp([1, 2, 2])], ["axis": .int(0)])
    }
    #expect(throws: OpError("operand 1: expected shape [2,1,k], got [3, 1, 2]")) {
      try evaluate("CausalConvWithState", [ramp([1, 2, 4]), ramp([3, 1, 2])], results: 2)
    }
  }
}
