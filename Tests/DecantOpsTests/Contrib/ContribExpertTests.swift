import DecantIR
import Testing

import DecantOps

/// Mixtures of experts.
@Suite struct ContribExpertTests {
  @Test(
    arguments: [
      .init(
        "MoE",
        [
          ramp([2, 4]), ramp([2, 3], step: 3), ramp([3, 2, 4], step: 3), ramp([3, 2], step: 9),
          ramp([3, 4, 2], step: 5), ramp([3, 4], step: 2),
        ], ["k": .int(2)],
        [
          Tensor(
            [0.2089505, 0.6431497, 0.311197, -0.8765475, -0.9106272, -0.7267147, -0.5428022, -0.9130224] as [Float],
            shape: [2, 4])
        ]),
      .init(
        "MoE", [ramp([2, 4]), ramp([2, 3], step: 3), ramp([3, 2, 4], step: 3), nil, ramp([3, 4, 2], step: 5)],
        ["activation_type": .string("gelu"), "k": .int(1)],
        [
          Tensor(
            [0.1540167, 0.1417047, 0.1293927, 0.1170807, -0.1710647, 0.1195941, 0.03391057, -0.051773] as [Float],
            shape: [2, 4])
        ]),
      .init(
        "MoE", [ramp([2, 4]), ramp([2, 3], step: 3), ramp([3, 2, 4], step: 3), nil, ramp([3, 4, 2], step: 5)],
        ["activation_type": .string("silu"), "k": .int(2), "normalize_routing_weights": .int(1)],
        [
          Tensor(
            [0.2476813, 0.2987503, 0.1125435, 0.1636125, -0.2804956, 0.00136476, -0.1025372, -0.2064392] as [Float],
            shape: [2, 4])
        ]),
      .init(
        "MoE", [ramp([2, 4]), ramp([2, 3], step: 3), ramp([3, 4, 4], step: 3), nil, ramp([3, 4, 2], step: 5)],
        [
          "activation_alpha": .float(1.7), "activation_beta": .float(1), "activation_type": .string("swiglu"),
          "k": .int(2), "swiglu_fusion": .int(1), "swiglu_limit": .float(1.5),
        ],
        [
          Tensor(
            [-0.294381, -0.2461426, 0.06053098, 0.1087694, -0.1890365, 0.09969185, -0.1587531, -0.417198] as [Float],
            shape: [2, 4])
        ]),
    ] as [ContribCase])
  func floats(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "QMoE",
        [
          ramp([1, 16]), ramp([1, 2], step: 3), codes([2, 16, 8], UInt8.self), ramp([2, 16], step: 3, scale: 0.0625),
          nil, codes([2, 16, 8], UInt8.self, step: 53), ramp([2, 16], step: 5, scale: 0.0625),
        ], ["activation_type": .string("silu"), "k": .int(1)],
        [
          Tensor(
            [
              -6.168537, -5.518889, -1.595598, -1.126017, -5.163922, -3.115411, -14.22971, 0, 8.588062, 0.8013355,
              4.210614, 3.393366, 7.822844, 7.783871, 3.424534, 4.498596,
            ] as [Float], shape: [1, 16])
        ]),
      .init(
        "QMoE",
        [
          ramp([1, 16]), ramp([1, 2], step: 3), codes([2, 16, 8], UInt8.self),
          ramp([2, 16, 1], step: 3, scale: 0.0625), nil, codes([2, 16, 8], UInt8.self, step: 53),
          ramp([2, 16, 1], step: 5, scale: 0.0625), nil, nil, nil, nil, codes([2, 16, 1], UInt8.self),
          codes([2, 16, 1], UInt8.self, step: 91),
        ], ["activation_type": .string("silu"), "block_size": .int(16), "k": .int(2)],
        [
          Tensor(
            [
              -7.991573, 9.989093, -1.18689, 0.6584692, -14.51239, -3.039436, -11.90552, -4.741896, -11.34859,
              -1.177563, 14.64735, 13.52357, 3.304179, 3.641818, -3.671662, 7.434859,
            ] as [Float], shape: [1, 16])
        ]),
    ] as [ContribCase])
  func ofFewBits(_ row: ContribCase) throws { try row.check() }
}
