import DecantIR
import Testing

import DecantOps

/// Convolutions and products of `com.microsoft` with what was fused into them.
@Suite struct ContribFusedTests {
  @Test(
    arguments: [
      .init(
        "FusedConv", [ramp([1, 2, 3, 3]), ramp([2, 2, 2, 2], step: 3), Tensor([0.5, -1] as [Float])],
        ["activation": .string("Relu")],
        [Tensor([1.3125, 1.3125, 0, 0.625, 1.125, 0, 0, 0] as [Float], shape: [1, 2, 2, 2])]),
      .init(
        "FusedConv", [ramp([1, 2, 3, 3]), ramp([2, 2, 2, 2], step: 3), nil, ramp([1, 2, 2, 2], step: 5)],
        ["activation": .string("Relu")],
        [Tensor([0, 0.8125, 0, 0, 3.125, 0, 1.1875, 0] as [Float], shape: [1, 2, 2, 2])]),
      .init(
        "FusedConv", [ramp([1, 2, 3, 3]), ramp([2, 2, 2, 2], step: 3)],
        [
          "activation": .string("Clip"), "activation_params": .floats([-0.5, 0.5]), "pads": .ints([0, 0, 1, 1]),
          "strides": .ints([2, 2]),
        ], [Tensor([0.5, 0.5, -0.5, 0.25, 0.5, 0.5, -0.5, 0.25] as [Float], shape: [1, 2, 2, 2])]),
    ] as [ContribCase])
  func convolutions(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "FusedMatMul", [ramp([2, 3]), ramp([4, 3], step: 3)], ["alpha": .float(0.5), "transB": .int(1)],
        [Tensor([0.59375, -0.8125, 0.1875, 0.5, -0.9375, 0.59375, 0.75, 0.5625] as [Float], shape: [2, 4])]),
      .init(
        "FusedMatMul", [ramp([3, 2, 2]), ramp([2, 2, 3], step: 3)], ["transBatchA": .int(1)],
        [
          Tensor(
            [
              2.0625, 0.125, -0.4375, -1.0625, 0.625, 0.25, 2, -0.25, -0.4375, -0.25, 0.3125, -1.1875, 0.5, 1.25, -0.75,
              -0.125, -1.25, 1.75,
            ] as [Float], shape: [2, 3, 3])
        ]),
      .init(
        "FusedGemm", [ramp([2, 3]), ramp([3, 2], step: 3), Tensor([0.5, -1] as [Float])],
        ["activation": .string("LeakyRelu"), "activation_alpha": .float(0.1), "alpha": .float(2), "beta": .float(0.5)],
        [Tensor([4.625, 2, -0.125, -0.0875] as [Float], shape: [2, 2])]),
      .init(
        "FusedGemm", [ramp([3, 2]), ramp([3, 2], step: 3)],
        [
          "activation": .string("HardSigmoid"), "activation_alpha": .float(0.3), "activation_beta": .float(0.4),
          "transA": .int(1),
        ], [Tensor([0.75625, 0.41875, 0.53125, 0.75625] as [Float], shape: [2, 2])]),
    ] as [ContribCase])
  func products(_ row: ContribCase) throws { try row.check() }
}
