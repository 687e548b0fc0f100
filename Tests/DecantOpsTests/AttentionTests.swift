import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX 1.23.2's reference evaluator.
@Suite struct AttentionTests {
  @Test func heads() throws {
    let results = try evaluate(
      "Attention", [ramp([1, 2, 3, 4]), ramp([1, 2, 5, 4], step: 3), ramp([1, 2, 5, 3], step: 5)])
    expect(
      results[0],
      Tensor(
        [
          -0.608708, 0.447016, 0.224878, -0.329206, 0.372936, -0.0957238, -0.154718, 0.163076, -0.145854, 0.23913,
          0.0501164, -0.0108703, 0.217789, -0.321637, -0.0322107, 0.274167, -0.10617, 0.0241673,
        ] as [Float], shape: [1, 2, 3, 3]))
  }

  @Test func flatWithGroupsAndMask() throws {
    let results = try evaluate(
      "Attention",
      [ramp([2, 2, 16]), ramp([2, 3, 8], step: 3), ramp([2, 3, 8], step: 5), ramp([2, 3], scale: 1.0)],
      ["q_num_heads": .int(4), "kv_num_heads": .int(2), "scale": .float(0.5)])
    expect(
      results[0],
      Tensor(
        [
          0.473406, -0.963711, 0.237073, -1.21371, 0.478305, -0.963659, 0.230471, -1.21366, -0.0161499, 1.23317,
          -0.26615, 0.983165, -0.00387217, 1.24371, -0.253872, 0.993711, -1.1503, -0.0559591, 1.19168, -0.305959,
          -1.23488, -0.00846555, 1.24113, -0.258466, 0.946759, -0.408798, 0.696759, -0.658798, 0.990825, -0.48582,
          0.740824, -0.73582, 0.237806, -1.22801, -0.0121939, 1.23716, 0.223244, -1.20096, -0.0267563, 1.22103,
          -0.265645, 0.983648, -0.471914, 0.733648, -0.340893, 0.90459, -0.33642, 0.65459, 1.19278, -0.304087, 0.942777,
          -0.402995, 1.2457, -0.254161, 0.995702, -0.492615, 0.698355, -0.661475, 0.450209, -0.911475, 0.745851,
          -0.743186, 0.496298, -0.993186,
        ] as [Float], shape: [2, 2, 16]))
  }

  @Test func causalWithPast() throws {
    let results = try evaluate(
      "Attention",
      [
        ramp([1, 1, 2, 2]), ramp([1, 1, 2, 2], step: 3), ramp([1, 1, 2, 2], step: 5), nil, ramp([1, 1, 1, 2]),
        ramp([1, 1, 1, 2], step: 2),
      ], ["is_causal": .int(1)], results: 4)
    expect(results[0], Tensor([-1.25, -0.440609, -0.267207, -0.420364] as [Float], shape: [1, 1, 2, 2]))
    expect(results[1], Tensor([-1.25, 0.5, -1.25, -0.5, 0.25, 1] as [Float], shape: [1, 1, 3, 2]))
    expect(results[2], Tensor([-1.25, -0.75, -1.25, 0, 1.25, -0.25] as [Float], shape: [1, 1, 3, 2]))
    expect(
      results[3],
      Tensor([1.28163, 0.928078, 0.132583, 0.883883, -6.85818e-09, 0.795495] as [Float], shape: [1, 1, 2, 3]))
  }

  @Test func boolMaskWithARowThatSeesNothing() throws {
    let results = try evaluate(
      "Attention",
      [
        ramp([1, 1, 2, 2]), ramp([1, 1, 2, 2], step: 3), ramp([1, 1, 2, 2], step: 5),
        tensor([1, 0, 0, 0], [2, 2], of: Boolean.self),
      ])
    expect(results[0], Tensor([-1.25, 0, 0, 0] as [Float], shape: [1, 1, 2, 2]))
  }

  @Test func softCap() throws {
    let results = try evaluate(
      "Attention",
      [ramp([1, 1, 2, 4], scale: 1.0), ramp([1, 1, 3, 4], step: 3, scale: 1.0), ramp([1, 1, 3, 2], step: 5)],
      ["softcap": .float(2), "qk_matmul_output_mode": .int(3)], results: 4)
    expect(results[0], Tensor([0.00908677, -0.128408, 0.443333, -0.271156] as [Float], shape: [1, 1, 2, 2]))
    expect(results[1], ramp([1, 1, 3, 4], step: 3, scale: 1.0))
    expect(results[2], ramp([1, 1, 3, 2], step: 5))
    expect(
      results[3],
      Tensor([0.495457, 0.495457, 0.00908679, 0.28564, 0.344095, 0.370265] as [Float], shape: [1, 1, 2, 3]))
  }

  @Test func paddedKeys() throws {
    let results = try evaluate(
      "Attention",
      [
        ramp([2, 1, 2, 2]), ramp([2, 1, 3, 2], step: 3), ramp([2, 1, 3, 2], step: 5), nil, nil, nil,
        Tensor([2, 3] as [Int64], shape: [2]),
      ], ["is_causal": .int(1)])
    expect(
      results[0],
      Tensor([-1.25, 0, 0.472525, -0.172253, 0.59782, -0.90218, 0.481454, -1.01855] as [Float], shape: [2, 1, 2, 2]))
  }

  @Test func rotary() throws {
    let results = try evaluate(
      "RotaryEmbedding",
      [ramp([1, 2, 2, 4]), ramp([5, 2], step: 3), ramp([5, 2], step: 4), Tensor([1, 4] as [Int64], shape: [1, 2])])
    expect(
      results[0],
      Tensor(
        [
          0.0625, 1.75, -1.0625, 0.75, -1.4375, 0, -0.4375, 0.375, -0.0625, -0.5, -0.8125, -2, -1.9375, 0.125, -0.3125,
          0.25,
        ] as [Float], shape: [1, 2, 2, 4]))
  }

  @Test func rotaryInterleavedOfAPart() throws {
    let results = try evaluate(
      "RotaryEmbedding", [ramp([1, 2, 8]), ramp([1, 2, 1], step: 3), ramp([1, 2, 1], step: 4)],
      ["num_heads": .int(2), "rotary_embedding_dim": .int(2), "interleaved": .int(1)])
    expect(
      results[0],
      Tensor(
        [2.1875, 0.9375, -0.5, 1.25, -1.25, 0.625, 1, 0, 0.6875, -0.125, -0.25, -1.25, -0.375, 0.125, 1.25, 0.25]
          as [Float], shape: [1, 2, 8]))
  }

  @Test func symbolsGoThroughHeads() throws {
    let q = ValueType.tensor(.float32, [.symbol("B"), .symbol("S"), 16])
    let k = ValueType.tensor(.float32, [.symbol("B"), .symbol("T"), 8])
    let past = ValueType.tensor(.float32, [.symbol("B"), 2, .symbol("P"), 4])
    let types = try infer(
      "Attention", [q, k, k, nil, past, past], ["q_num_heads": .int(4), "kv_num_heads": .int(2)], results: 2)
    #expect(types[0] == q)
    #expect(types[1] == .tensor(.float32, [.symbol("B"), 2, .symbol("P") + .symbol("T"), 4]))
  }

  @Test func hostileOperandsAreRefused() {
    let x = ramp([1, 2, 6])
    for heads in [0, 4, -1] {
      #expect(throws: OpError.self) {
        try evaluate("Attention", [x, x, x], ["q_num_heads": .int(Int64(heads)), "kv_num_heads": .int(1)])
      }
    }
    let position = Tensor([9] as [Int64], shape: [1, 1])
    #expect(throws: OpError.self) {
      try evaluate("RotaryEmbedding", [ramp([1, 1, 1, 2]), ramp([2, 1]), ramp([2, 1]), position])
    }
  }

  @Test func flexible() throws {
    let results = try evaluate(
      OpName("FlexAttention", domain: "ai.onnx.preview"),
      [ramp([1, 2, 2, 4]), ramp([1, 1, 3, 4], step: 3), ramp([1, 1, 3, 2], step: 5)], ["scale": .float(0.75)])
    expect(
      results[0],
      Tensor(
        [0.03657, -0.138714, 0.402203, -0.265602, 0.758017, -0.420497, 0.431091, -0.253557] as [Float],
        shape: [1, 2, 2, 2]))
  }

  @Test func flexibleTypes() throws {
    let (batch, length) = (Dimension.symbol("B"), Dimension.symbol("L"))
    let types: [ValueType?] = [
      .tensor(.float16, [batch, 4, length, 8]), .tensor(.float16, [batch, 2, 6, 8]),
      .tensor(.float16, [batch, 2, 6, 5]),
    ]
    let op = OpName("FlexAttention", domain: "ai.onnx.preview")
    #expect(try infer(op, types) == [.tensor(.float16, [batch, 4, length, 5])])
    #expect(throws: OpError("'softmax_precision' expected f16, bf16, f32 or f64, got i64")) {
      try infer(op, types, ["softmax_precision": .int(7)])
    }
  }
}
