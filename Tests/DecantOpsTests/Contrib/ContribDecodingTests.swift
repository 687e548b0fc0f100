import DecantIR
import Testing

import DecantOps

/// What decoders with linear attention and several kinds of positions are fused into.
@Suite struct ContribDecodingTests {
  @Test(
    arguments: [
      .init(
        "LinearAttention",
        [
          ramp([1, 2, 4]), ramp([1, 2, 2], step: 3), ramp([1, 2, 2], step: 5), nil,
          Tensor([-0.5, -0.25] as [Float], shape: [1, 2, 1]), Tensor([0.5, 0.75] as [Float], shape: [1, 2, 1]),
        ], ["kv_num_heads": .int(1), "q_num_heads": .int(2)],
        [
          Tensor([-0.5800485, 0, 0, 0, -0.3330694, 0.09115048, 0.5435245, -0.03314563] as [Float], shape: [1, 2, 4]),
          Tensor([0.7686597, -0.046875, 0.8842617, -0.1875] as [Float], shape: [1, 1, 2, 2]),
        ]),
      .init(
        "LinearAttention",
        [ramp([1, 1, 4]), ramp([1, 1, 2], step: 3), ramp([1, 1, 2], step: 5), ramp([1, 1, 2, 2], step: 9)],
        ["kv_num_heads": .int(1), "q_num_heads": .int(2), "scale": .float(0.5), "update_rule": .string("linear")],
        [
          Tensor([0.0859375, -0.625, 0.625, -0.25] as [Float], shape: [1, 1, 4]),
          Tensor([0.3125, 1, 1.125, 0] as [Float], shape: [1, 1, 2, 2]),
        ]),
      .init(
        "CausalConvWithState",
        [ramp([1, 2, 3]), ramp([2, 1, 2], step: 3), ramp([2], step: 5), ramp([1, 2, 1], step: 9)],
        ["activation": .string("silu")],
        [
          Tensor([0.6736823, 0.03222625, -0.2673393, 1.226362, 0.3583298, -0.2300302] as [Float], shape: [1, 2, 3]),
          Tensor([-0.5, -0.75] as [Float], shape: [1, 2, 1]),
        ]),
    ] as [ContribCase])
  func states(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "GatedAdd", [ramp([2, 3]), ramp([2, 3], step: 3), ramp([2, 1], step: 5)], [:],
        [Tensor([0.3125, 1.125, -0.8125, 1.25, 0.25, -0.75] as [Float], shape: [2, 3])]),
      .init(
        "GatedRMSNorm", [ramp([2, 4]), ramp([2], step: 3), ramp([2, 4], step: 5)], [:],
        [
          Tensor(
            [-0.4569031, -0, 0.6378995, 0.0718609, -0.4086677, -0.126629, -0.9004632, 0] as [Float], shape: [2, 4])
        ]),
      .init(
        "GatedRMSNorm", [ramp([1, 4]), ramp([4], step: 3), ramp([1, 4], step: 5)],
        ["activation": .string("sigmoid"), "epsilon": .float(0.001)],
        [Tensor([0.365323, -0.131234, -0.1020082, 0.5745735] as [Float], shape: [1, 4])]),
      .init(
        "LinearAttentionGate", [ramp([1, 2, 2]), ramp([2], step: 3), ramp([2], step: 5), ramp([1, 2, 2], step: 9)], [:],
        [
          Tensor([-0.09861219, 0, -0.2002802, 0] as [Float], shape: [1, 2, 2]),
          Tensor([0.2227001, 0.7310586, 0.6224593, 0.5] as [Float], shape: [1, 2, 2]),
        ]),
      .init(
        "ScaledSiLU", [ramp([2, 3])], ["alpha": .float(0.5)],
        [Tensor([-0.2179032, 0.1405441, -0.1094559, 0.4070968, 0.06640118, -0.15275] as [Float], shape: [2, 3])]),
      .init(
        "ScaledSiLU", [ramp([3]), Tensor([2] as [Float], shape: [])], [:],
        [Tensor([-0.1896454, 0.7310586, -0.2689414] as [Float])]),
    ] as [ContribCase])
  func gates(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "MRotaryEmbedding",
        [
          ramp([1, 1, 2, 8]), Tensor([0, 1, 2, 0, 1, 2] as [Int64], shape: [3, 1, 2]), ramp([3, 4], step: 3),
          ramp([3, 4], step: 5),
        ], ["mrope_section": .ints([1, 2, 1])],
        [
          Tensor(
            [1.875, -0.75, -0.625, 1.5625, 1.25, -0.5, 0.625, -0.9375, 0.5, -0.375, -1.625, 1.875, -1.5, 0.25, 0, 1.25]
              as [Float], shape: [1, 1, 2, 8])
        ]),
      .init(
        "MRotaryEmbedding",
        [
          ramp([1, 1, 8]), Tensor([0, 1, 2] as [Int64], shape: [3, 1, 1]), ramp([3, 4], step: 3),
          ramp([3, 4], step: 5),
        ], ["mrope_layout": .int(1), "mrope_section": .ints([2, 1, 1]), "num_heads": .int(1)],
        [Tensor([1.875, -0.5, -0.625, 1.25, 1.25, -0.0625, 0.625, -0.3125] as [Float], shape: [1, 1, 8])]),
    ] as [ContribCase])
  func positions(_ row: ContribCase) throws { try row.check() }
}
