import DecantIR
import Testing

import DecantOps

/// What diffusion models are fused into. Expected numbers are PyTorch's.
@Suite struct ContribImageTests {
  @Test(
    arguments: [
      .init(
        "BiasAdd", [ramp([1, 2, 4]), ramp([4], step: 3), ramp([1, 2, 4], step: 5)], [:],
        [Tensor([-3.75, 0, 1, 2, 0, -1.75, 2, 0.25] as [Float], shape: [1, 2, 4])]),
      .init(
        "BiasSplitGelu", [ramp([1, 2, 4]), ramp([4], step: 3)], [:],
        [Tensor([0.2508085, 0, -1.117938, -1.051681] as [Float], shape: [1, 2, 2])]),
    ] as [ContribCase])
  func biases(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "GroupNorm", [ramp([1, 2, 2, 4]), ramp([4], step: 3, offset: 1), ramp([4], step: 5)],
        ["activation": .int(1), "channels_last": .int(1), "groups": .int(2)],
        [
          Tensor(
            [
              -0.2584613, 0.2916745, 0.1002799, 1.97812, -0.2769276, -0.1566098, 2.210273, -0.243573, -0.2666575,
              0.4234381, 0.3522876, -0.08701056, -0.2741744, -0.09605244, 2.617462, -0.08020359,
            ] as [Float], shape: [1, 2, 2, 4])
        ]),
      .init(
        "GroupNorm", [ramp([1, 4, 2, 2]), ramp([4], step: 3, offset: 1), ramp([4], step: 5)],
        ["activation": .int(0), "channels_last": .int(0), "groups": .int(2)],
        [
          Tensor(
            [
              -0.8437459, -1.385418, -1.075891, -1.617563, 0.1160726, -0.5029812, 0.580363, -0.03869087, -0.2370773,
              2.449256, 0.9142084, -0.6208392, 1.05479, -1.401286, 2.896847, 0.4407714,
            ] as [Float], shape: [1, 4, 2, 2])
        ]),
      .init(
        "SkipGroupNorm",
        [
          ramp([1, 2, 2, 4]), ramp([4], step: 3, offset: 1), ramp([4], step: 5), ramp([1, 4], step: 9),
          ramp([4], step: 3),
        ], ["activation": .int(0), "channels_last": .int(1), "groups": .int(2)],
        [
          Tensor(
            [
              -0.8994579, 0.5984865, -0.02289609, 2.540942, -1.104653, 0.2564942, 2.24003, -0.4762926, -0.9336572,
              0.666885, 0.3542583, -3.493528, -1.138852, 0.3248927, 2.617185, 0.1271544,
            ] as [Float], shape: [1, 2, 2, 4]),
          Tensor(
            [-3.75, 1, 0.25, 2.25, -2.25, -0.25, 1.75, 1, -3.5, 1.25, 0.5, -0.25, -2, 0, 2, 1.25] as [Float],
            shape: [1, 2, 2, 4]),
        ]),
    ] as [ContribCase])
  func groups(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "NhwcConv", [ramp([1, 2, 2, 4]), ramp([2, 4, 2, 2], step: 3)], [:],
        [Tensor([-2.375, -0.0625] as [Float], shape: [1, 1, 1, 2])]),
      .init(
        "NhwcFusedConv", [ramp([1, 2, 2, 4]), ramp([2, 4, 2, 2], step: 3), nil, ramp([1, 1, 1, 2], step: 9)],
        ["activation": .string("Relu")], [Tensor([0, 0.9375] as [Float], shape: [1, 1, 1, 2])]),
    ] as [ContribCase])
  func convolutions(_ row: ContribCase) throws { try row.check() }
}
