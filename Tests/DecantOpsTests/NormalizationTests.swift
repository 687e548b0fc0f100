import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX Runtime 1.31.1, optimizations off, or by ONNX 1.23.2's reference where that has no kernel.
@Suite struct NormalizationTests {
  @Test func batch() throws {
    let results = try evaluate(
      "BatchNormalization",
      [ramp([2, 3, 2]), ramp([3], step: 3), ramp([3], step: 5), ramp([3], step: 2), ramp([3], offset: -1)],
      ["epsilon": .float(0.01)])
    expect(
      results[0],
      Tensor(
        [
          -1.25, -5.54004, -0.0881682, -0.705346, 1.37438, 1.12562, -6.76577, -4.31431, 0.0881682, -0.529009, 1.25,
          1.00124,
        ] as [Float], shape: [2, 3, 2]))
  }

  @Test func batchInTraining() throws {
    let results = try evaluate(
      "BatchNormalization",
      [ramp([2, 3, 2]), ramp([3], step: 3), ramp([3], step: 5), ramp([3], step: 2), ramp([3], offset: -1)],
      ["training_mode": .int(1), "momentum": .float(0.8)], results: 3)
    expect(
      results[0],
      Tensor(
        [
          0.712003, -1.904, 0.343399, -0.618119, 1.5854, 1.1382, -2.65143, -1.15657, 0.618119, -0.343399, 1.3618,
          0.914595,
        ] as [Float], shape: [2, 3, 2]))
    expect(results[1], Tensor([-0.9875, -0.575, -0.3] as [Float], shape: [3]))
    expect(results[2], Tensor([0.339844, 1.76562, 0.8625] as [Float], shape: [3]))
  }

  @Test func instance() throws {
    let results = try evaluate(
      "InstanceNormalization", [ramp([2, 2, 2, 3]), ramp([2], step: 3), ramp([2], step: 5)])
    expect(
      results[0],
      Tensor(
        [
          0.491303, -2.12065, -0.628106, -3.24006, -1.74752, -0.25497, -0.68098, -0.0756644, 0.529651, -0.529651,
          0.0756644, 0.68098, -1.60787, 0.109908, -2.8962, -1.17843, 0.539353, -2.46676, -0.143148, 0.543963, -0.658482,
          0.0286296, 0.715741, -0.486704,
        ] as [Float], shape: [2, 2, 2, 3]))
  }

  @Test func layer() throws {
    let results = try evaluate(
      "LayerNormalization", [ramp([2, 3, 4]), ramp([4], step: 3), ramp([4], step: 5)], results: 3)
    expect(
      results[0],
      Tensor(
        [
          0.391321, -0.262611, 1.11869, 1.06306, -1.5, 0.699991, 1.6, -0.449997, -0.346386, -0.763052, 1.31024,
          -1.29418, -1.5, 0.699991, 1.6, -0.449997, -0.346386, -0.763052, 1.31024, -1.29418, -2.55522, 0.120482,
          0.868474, 0.472891,
        ] as [Float], shape: [2, 3, 4]))
    expect(results[1], Tensor([0, 0.125, -0.4375, 0.375, -0.1875, -0.0625] as [Float], shape: [2, 3, 1]))
    expect(results[2], Tensor([1.05045, 1.59998, 1.28514, 1.59998, 1.28514, 1.28514] as [Float], shape: [2, 3, 1]))
  }

  @Test func layerOverTwoAxes() throws {
    let results = try evaluate(
      "LayerNormalization", [ramp([2, 3, 2]), ramp([3, 2], step: 3)], ["axis": .int(1), "epsilon": .float(0.001)],
      results: 3)
    expect(
      results[0],
      Tensor(
        [
          1.74008, -0.348015, -0.124291, 1.59093, -0.397731, 0.198866, -1.70122, -0.0756096, -0.264634, 1.05853,
          0.151219, 0.340243,
        ] as [Float], shape: [2, 3, 2]))
    expect(results[1], Tensor([-0.0833333, -0.125] as [Float], shape: [2, 1, 1]))
    expect(results[2], Tensor([1.19319, 1.20975] as [Float], shape: [2, 1, 1]))
  }

  @Test func layerWithBroadcastScale() throws {
    let results = try evaluate(
      "LayerNormalization", [ramp([2, 3, 2]), ramp([1, 3, 2], step: 3), ramp([2])], ["axis": .int(1)])
    expect(
      results[0],
      Tensor(
        [
          0.491303, 0.151739, -1.37438, 2.09205, -1.64801, 0.699006, -2.95245, 0.424336, -1.51483, 1.5593, -1.09867,
          0.84049,
        ] as [Float], shape: [2, 3, 2]))
  }

  @Test func group() throws {
    let results = try evaluate(
      "GroupNormalization", [ramp([1, 4, 3]), ramp([4], step: 3), ramp([4], step: 5)], ["num_groups": .int(2)])
    expect(
      results[0],
      Tensor(
        [
          0.491303, -2.12065, -0.628106, -0.796024, -0.199006, 0.398012, 1.59049, 1.28783, 0.985174, 0.809302,
          -0.401329, -1.61196,
        ] as [Float], shape: [1, 4, 3]))
  }

  @Test func rootMeanSquare() throws {
    let results = try evaluate(
      "RMSNormalization", [ramp([2, 4]), ramp([4], step: 3)], ["axis": .int(-1)])
    expect(
      results[0],
      Tensor([1.64132, -0.262611, -0.131306, 1.31306, -0.490284, 0.588341, 0.392227, 0] as [Float], shape: [2, 4]))
  }

  @Test func euclideanNorm() throws {
    let results = try evaluate(
      "LpNormalization", [ramp([2, 3, 2])], ["axis": .int(1)])
    expect(
      results[0],
      Tensor(
        [
          -0.912871, 0.324443, -0.365148, 0.811107, 0.182574, -0.486664, 0.696311, 0, -0.696311, 0.514496, -0.174078,
          -0.857493,
        ] as [Float], shape: [2, 3, 2]))
  }

  @Test func absoluteNorm() throws {
    let results = try evaluate(
      "LpNormalization", [ramp([2, 3])], ["axis": .int(0), "p": .int(1)])
    expect(results[0], Tensor([-0.5, 0.666667, -0.4, 0.5, 0.333333, -0.6] as [Float], shape: [2, 3]))
  }

  @Test func meanVariance() throws {
    let results = try evaluate(
      "MeanVarianceNormalization", [ramp([2, 2, 2, 2])])
    expect(
      results[0],
      Tensor(
        [
          -1.15031, 0.80173, -0.31372, 1.63832, 0, -1.56893, 1.1767, -0.392232, -0.871445, 1.08059, -0.0348578,
          -1.15031, 0.392232, -1.1767, 1.56893, 0,
        ] as [Float], shape: [2, 2, 2, 2]))
  }

  @Test func meanVarianceOfAxes() throws {
    let results = try evaluate(
      "MeanVarianceNormalization", [ramp([2, 3, 2, 1])], ["axes": .ints([1])])
    expect(
      results[0],
      Tensor(
        [-1.22474, 0.20203, 0, 1.11117, 1.22474, -1.3132, 1.3132, 0.202031, -1.11117, 1.11117, -0.20203, -1.3132]
          as [Float], shape: [2, 3, 2, 1]))
  }

  @Test func aLineOfZerosStays() throws {
    let zeros = Tensor([0, 0, 3, 4] as [Float], shape: [2, 2])
    expect(try evaluate("LpNormalization", [zeros])[0], Tensor([0, 0, 0.6, 0.8] as [Float], shape: [2, 2]))
  }

  @Test func layersOfNothing() throws {
    let empty = Tensor([] as [Float], shape: [2, 0])
    let scale = Tensor([] as [Float], shape: [0])
    let results = try evaluate("LayerNormalization", [empty, scale], results: 3)
    #expect(results.map(\.shape) == [[2, 0], [2, 1], [2, 1]])
  }

  @Test func hostileGroupsAreRefused() {
    for groups in [0, -1, 3, Int64.min] {
      #expect(throws: OpError.self) {
        try evaluate(
          "GroupNormalization", [ramp([1, 4, 3]), ramp([4]), ramp([4])], ["num_groups": .int(groups)])
      }
    }
  }
}
