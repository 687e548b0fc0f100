import DecantIR
import Testing

import DecantOps

/// Normalizations of `com.microsoft`.
@Suite struct ContribNormalizationTests {
  @Test(
    arguments: [
      .init(
        "SkipLayerNormalization",
        [
          ramp([1, 2, 4]), ramp([1, 2, 4], step: 3), ramp([4], step: 5, offset: 3), ramp([4], step: 2),
          ramp([4], step: 9),
        ], ["epsilon": .float(1e-05)],
        [
          Tensor(
            [-0.01845658, -0.5134323, -0.006474465, 0.5074413, -0.1046375, -0.8531858, 1.700212, 0.4047787] as [Float],
            shape: [1, 2, 4]), nil, nil, Tensor([-3.75, 1, 0.25, 2.25, -2, 0, 2, 1.25] as [Float], shape: [1, 2, 4]),
        ]),
      .init(
        "SkipLayerNormalization", [ramp([1, 2, 4]), ramp([2, 4], step: 3), ramp([4], step: 5, offset: 3)], [:],
        [
          Tensor(
            [1.059194, 0.03716471, -0.1300765, 0.3530647, 0.6625891, -0.5521576, 1.932552, 0.220863] as [Float],
            shape: [1, 2, 4])
        ]),
      .init(
        "SkipSimplifiedLayerNormalization",
        [ramp([1, 2, 4]), ramp([1, 2, 4], step: 3), ramp([4], step: 5, offset: 3), ramp([4], step: 9)],
        ["epsilon": .float(1e-06)],
        [
          Tensor(
            [1.251933, 0.2225659, 0.1947452, 0.2503867, 0.9701423, 0, 2.263665, 0.202113] as [Float], shape: [1, 2, 4]),
          nil, nil, Tensor([-3.75, 1, 0.25, 2.25, -2, 0, 2, 1.25] as [Float], shape: [1, 2, 4]),
        ]),
      .init(
        "SkipSimplifiedLayerNormalization",
        [ramp([1, 2, 4]), ramp([1, 2, 4], step: 3), ramp([4], step: 5, offset: 3)], [:],
        [
          Tensor(
            [1.111874, 0, -0.2594373, 0.3335622, 0.4852475, -0.4313311, 2.264488, 0.2695819] as [Float],
            shape: [1, 2, 4])
        ]),
    ] as [ContribCase])
  func skips(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "EmbedLayerNormalization",
        [
          Tensor([1, 0, 2] as [Int32], shape: [1, 3]), Tensor([0, 1, 1] as [Int32], shape: [1, 3]), ramp([3, 4]),
          ramp([4, 4], step: 3), ramp([2, 4], step: 5), ramp([4], step: 5, offset: 3), ramp([4], step: 2),
          Tensor([1, 1, 0] as [Int32], shape: [1, 3]),
        ], ["epsilon": .float(1e-05)],
        [
          Tensor(
            [
              -0.354363, -1.074135, 2.198075, 0.3608884, -0.2437735, -0.9736059, 0.5326207, 0.5854089, -1.193942,
              -0.4883982, 1.712014, -0.1424027,
            ] as [Float], shape: [1, 3, 4]), Tensor([2] as [Int32]),
          Tensor(
            [-2.25, -1.25, 2.5, 0.75, -1.25, -0.25, 0.75, 1.75, -0.75, 0.25, 1.25, -3.25] as [Float], shape: [1, 3, 4]),
        ]),
      .init(
        "EmbedLayerNormalization",
        [
          Tensor([1, 0, 2] as [Int32], shape: [1, 3]), nil, ramp([3, 4]), ramp([4, 4], step: 3), nil,
          ramp([4], step: 5, offset: 3), ramp([4], step: 2), nil, Tensor([3, 1, 0] as [Int32], shape: [1, 3]),
        ], [:],
        [
          Tensor(
            [
              -1.046328, -0.9944065, 2.696455, 0.01917168, -0.1908059, -0.7128353, -0.3800765, 0.6030647, 0.02816868,
              -0.3397236, 0.7441311, 0.3288993,
            ] as [Float], shape: [1, 3, 4]), Tensor([0] as [Int32]),
        ]),
    ] as [ContribCase])
  func embeddings(_ row: ContribCase) throws { try row.check() }
}
