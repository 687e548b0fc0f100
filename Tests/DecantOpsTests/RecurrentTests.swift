import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX Runtime 1.31.1, optimizations off, or by ONNX 1.23.2's reference where that has no kernel.
@Suite struct RecurrentTests {
  @Test func lstm() throws {
    let results = try evaluate(
      "LSTM", [ramp([3, 2, 2]), ramp([1, 8, 2], step: 3), ramp([1, 8, 2], step: 5)], ["hidden_size": .int(2)],
      results: 3)
    expect(
      results[0],
      Tensor(
        [
          0.349128, -0.236794, 0.136429, -0.481497, 0.0340175, -0.0627713, -0.0143603, -0.200364, 0.279341, -0.348528,
          -0.204395, -0.0161827,
        ] as [Float], shape: [3, 1, 2, 2]))
    expect(results[1], Tensor([0.279341, -0.348528, -0.204395, -0.0161827] as [Float], shape: [1, 2, 2]))
    expect(results[2], Tensor([0.418245, -0.629632, -0.32196, -0.0925375] as [Float], shape: [1, 2, 2]))
  }

  @Test func lstmWithEverything() throws {
    let results = try evaluate(
      "LSTM",
      [
        ramp([3, 2, 2]), ramp([2, 8, 2], step: 3), ramp([2, 8, 2], step: 5), ramp([2, 16], step: 4),
        Tensor([2, 3] as [Int32], shape: [2]), ramp([2, 2, 2], step: 3), ramp([2, 2, 2], step: 2),
        ramp([2, 6], step: 9),
      ], ["hidden_size": .int(2), "direction": .string("bidirectional")], results: 3)
    expect(
      results[0],
      Tensor(
        [
          -0.579892, -0.0319676, -0.0425488, -0.0528284, -0.184898, -0.305083, 0.541445, -0.443962, -0.394248,
          -0.0154572, -0.131776, -0.0043867, -0.401087, -0.342586, 0.0192464, -0.432871, 0, 0, -0.55507, 0.000922142, 0,
          0, -0.171078, -0.526034,
        ] as [Float], shape: [3, 2, 2, 2]))
    expect(
      results[1],
      Tensor(
        [-0.394248, -0.0154572, -0.55507, 0.000922142, -0.184898, -0.305083, 0.541445, -0.443962] as [Float],
        shape: [2, 2, 2]))
    expect(
      results[2],
      Tensor(
        [-1.9782, -0.568037, -0.901335, 0.0530103, -0.268364, -0.320459, 0.853659, -0.530729] as [Float],
        shape: [2, 2, 2]))
  }

  @Test func lstmReverseWithActivations() throws {
    let results = try evaluate(
      "LSTM", [ramp([3, 1, 2]), ramp([1, 8, 2], step: 3), ramp([1, 8, 2], step: 5)],
      [
        "hidden_size": .int(2), "direction": .string("reverse"),
        "activations": .strings(["HardSigmoid", "Relu", "Affine"]), "activation_alpha": .floats([0.3, 0.7]),
        "activation_beta": .floats([0.4, 0.1]),
      ], results: 3)
    expect(
      results[0],
      Tensor([0.499766, 0.0409617, 0.122148, 0.0794045, 0.038125, 0.0368164] as [Float], shape: [3, 1, 1, 2]))
    expect(results[1], Tensor([0.499766, 0.0409617] as [Float], shape: [1, 1, 2]))
    expect(results[2], Tensor([0.7938, 0] as [Float], shape: [1, 1, 2]))
  }

  @Test func lstmClipped() throws {
    let results = try evaluate(
      "LSTM", [ramp([2, 1, 2], scale: 1.0), ramp([1, 8, 2], step: 3), ramp([1, 8, 2], step: 5)],
      ["hidden_size": .int(2), "clip": .float(0.5)], results: 3)
    expect(results[0], Tensor([0.17427, -0.139985, 0.228491, -0.234502] as [Float], shape: [2, 1, 1, 2]))
    expect(results[1], Tensor([0.228491, -0.234502] as [Float], shape: [1, 1, 2]))
    expect(results[2], Tensor([0.385041, -0.396248] as [Float], shape: [1, 1, 2]))
  }

  @Test func lstmCoupled() throws {
    let results = try evaluate(
      "LSTM", [ramp([2, 1, 2]), ramp([1, 8, 2], step: 3), ramp([1, 8, 2], step: 5)],
      ["hidden_size": .int(2), "input_forget": .int(1)], results: 3)
    expect(results[0], Tensor([0.349128, -0.236794, 0.253543, -0.607886] as [Float], shape: [2, 1, 1, 2]))
    expect(results[1], Tensor([0.253543, -0.607886] as [Float], shape: [1, 1, 2]))
    expect(results[2], Tensor([0.406198, -0.893903] as [Float], shape: [1, 1, 2]))
  }

  @Test func gru() throws {
    let results = try evaluate(
      "GRU", [ramp([3, 2, 2]), ramp([1, 6, 2], step: 3), ramp([1, 6, 2], step: 5), ramp([1, 12], step: 4)],
      ["hidden_size": .int(2)], results: 2)
    expect(
      results[0],
      Tensor(
        [
          0.59434, -0.429731, 0.619998, -0.238991, 0.583943, 0.136899, 0.120607, -0.0174361, 0.859677, -0.115979,
          0.514827, 0.619077,
        ] as [Float], shape: [3, 1, 2, 2]))
    expect(results[1], Tensor([0.859677, -0.115979, 0.514827, 0.619077] as [Float], shape: [1, 2, 2]))
  }

  @Test func gruLinearBeforeReset() throws {
    let results = try evaluate(
      "GRU",
      [
        ramp([3, 2, 2]), ramp([2, 6, 2], step: 3), ramp([2, 6, 2], step: 5), ramp([2, 12], step: 4),
        Tensor([3, 1] as [Int32], shape: [2]), ramp([2, 2, 2]),
      ], ["hidden_size": .int(2), "linear_before_reset": .int(1), "direction": .string("bidirectional")], results: 2)
    expect(
      results[0],
      Tensor(
        [
          -0.76661, -0.395802, -0.382178, 0.275388, 0.540159, 0.0983186, 0.961154, -0.372251, -0.0511878, 0.728559, 0,
          0, 0.384925, -0.283921, 0, 0, 0.340017, 0.0707038, 0, 0, 0.589453, -0.24027, 0, 0,
        ] as [Float], shape: [3, 2, 2, 2]))
    expect(
      results[1],
      Tensor(
        [0.340017, 0.0707038, -0.382178, 0.275388, 0.540159, 0.0983186, 0.961154, -0.372251] as [Float],
        shape: [2, 2, 2]))
  }

  @Test func rnn() throws {
    let results = try evaluate(
      "RNN",
      [
        ramp([3, 2, 2]), ramp([1, 3, 2], step: 3), ramp([1, 3, 3], step: 5), ramp([1, 6], step: 4), nil,
        ramp([1, 2, 3]),
      ], ["hidden_size": .int(3), "activations": .strings(["Elu"]), "activation_alpha": .floats([0.5])], results: 2)
    expect(
      results[0],
      Tensor(
        [
          0, 1, 1.3125, -0.495674, 1.1875, 2.3125, -0.210622, -0.223874, 1.59375, 0.0102177, 0.155169, 0.643869,
          0.880465, -0.256159, 3.36931, -0.202869, -0.411519, 2.52572,
        ] as [Float], shape: [3, 1, 2, 3]))
    expect(
      results[1], Tensor([0.880465, -0.256159, 3.36931, -0.202869, -0.411519, 2.52572] as [Float], shape: [1, 2, 3]))
  }

  @Test func rnnBothWays() throws {
    let results = try evaluate(
      "RNN", [ramp([3, 2, 2]), ramp([2, 3, 2], step: 3), ramp([2, 3, 3], step: 5)],
      ["hidden_size": .int(3), "direction": .string("bidirectional")], results: 2)
    expect(
      results[0],
      Tensor(
        [
          0.864907, 0.185333, 0.809301, 0, 0.809301, 0.185333, -0.482324, 0.932279, -0.894948, 0.323358, -0.463333,
          -0.75573, -0.0070067, -0.808625, 0.692025, -0.769187, 0.747222, -0.907701, 0.10165, 0.685753, 0.476638,
          0.363036, -0.628111, 0.365635, 0.941238, -0.573609, 0.942472, 0.643636, 0.0806929, -0.773369, 0.41157,
          0.635149, -0.933828, -0.933828, 0.185333, 0.879827,
        ] as [Float], shape: [3, 2, 2, 3]))
    expect(
      results[1],
      Tensor(
        [
          0.941238, -0.573609, 0.942472, 0.643636, 0.0806929, -0.773369, -0.482324, 0.932279, -0.894948, 0.323358,
          -0.463333, -0.75573,
        ] as [Float], shape: [2, 2, 3]))
  }

  @Test func batchesFirst() throws {
    let (x, w, r) = (ramp([3, 2, 2]), ramp([2, 8, 2], step: 3), ramp([2, 8, 2], step: 5))
    let attributes: Attributes = ["hidden_size": .int(2), "direction": .string("bidirectional")]
    let steps = try evaluate("LSTM", [x, w, r], attributes, results: 3)
    var other = attributes
    other["layout"] = .int(1)
    let swapped = try evaluate("LSTM", [exchanged(x, 3, 2, 2), w, r], other, results: 3)
    #expect(swapped.map(\.shape) == [[2, 3, 2, 2], [2, 2, 2], [2, 2, 2]])
    expect(swapped[1], exchanged(steps[1], 2, 2, 2))
    // [steps, directions, batch, hidden] as [batch, steps, directions, hidden].
    expect(swapped[0].reshaped([2, 6, 2]), exchanged(steps[0].reshaped([6, 2, 2]), 6, 2, 2))
  }

  private func exchanged(_ tensor: Tensor, _ a: Int, _ b: Int, _ width: Int) -> Tensor {
    let values = tensor.floats ?? []
    var moved: [Float] = []
    for second in 0..<b {
      for first in 0..<a {
        let start = (first * b + second) * width
        moved += values[start..<start + width]
      }
    }
    return Tensor(moved, shape: [b, a, width])
  }

  @Test func hostileOperandsAreRefused() {
    let (x, w, r) = (ramp([3, 2, 2]), ramp([1, 8, 2]), ramp([1, 8, 2]))
    #expect(throws: OpError("'hidden_size' expected 2 as operand 2 has it, got 9")) {
      try evaluate("LSTM", [x, w, r], ["hidden_size": .int(9)])
    }
    #expect(throws: OpError("operand 4: expected 2 lengths in 0...3, got [4, 1]")) {
      try evaluate("LSTM", [x, w, r, nil, Tensor([4, 1] as [Int32])])
    }
    #expect(throws: OpError("'activations' has an unknown function 'Swish'")) {
      try evaluate("LSTM", [x, w, r], ["activations": .strings(["Sigmoid", "Swish", "Tanh"])])
    }
    let endless = Tensor([] as [Float], shape: [0, 1 << 50, 2])
    #expect(throws: OpError.self) { try evaluate("LSTM", [endless, w, r]) }
  }
}
