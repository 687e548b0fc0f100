import DecantIR
import Testing

import DecantOps

/// Weights of a few bits with a scale for each block.
@Suite struct BlockQuantizedTests {
  @Test(
    arguments: [
      .init(
        "MatMulNBits", [ramp([1, 17]), codes([2, 2, 8], UInt8.self), ramp([2, 2], step: 3)],
        ["K": .int(17), "N": .int(2), "bits": .int(4), "block_size": .int(16)],
        [Tensor([28.125, -1.6875] as [Float], shape: [1, 2])]),
      .init(
        "MatMulNBits",
        [
          ramp([2, 16]), codes([2, 1, 4], UInt8.self), ramp([2, 1], step: 3), codes([2, 1], UInt8.self), nil,
          Tensor([0.5, -0.5] as [Float]),
        ], ["K": .int(16), "N": .int(2), "bits": .int(2), "block_size": .int(16)],
        [Tensor([-1.375, 2.375, 3, 2.5] as [Float], shape: [2, 2])]),
      .init(
        "MatMulNBits",
        [ramp([1, 16]), codes([2, 1, 16], UInt8.self), ramp([2, 1], step: 3), codes([2, 1], UInt8.self)],
        ["K": .int(16), "N": .int(2), "bits": .int(8), "block_size": .int(16)],
        [Tensor([-50.9375, 6.25] as [Float], shape: [1, 2])]),
      .init(
        "MatMulNBits",
        [
          ramp([1, 32]), codes([1, 2, 8], UInt8.self), ramp([1, 2], step: 3), nil,
          Tensor(
            [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1] as [Int32]),
        ], ["K": .int(32), "N": .int(1), "bits": .int(4), "block_size": .int(16)],
        [Tensor([11] as [Float], shape: [1, 1])]),
      .init(
        "MatMulBnb4", [ramp([1, 16]), codes([16], UInt8.self), ramp([2], step: 3)],
        ["K": .int(16), "N": .int(2), "block_size": .int(16), "quant_type": .int(1)],
        [Tensor([0.9911194, 0.9538801] as [Float], shape: [1, 2])]),
      .init(
        "MatMulBnb4", [ramp([2, 16]), codes([16], UInt8.self), ramp([2], step: 3)],
        ["K": .int(16), "N": .int(2), "block_size": .int(16), "quant_type": .int(0)],
        [Tensor([0.6494141, -0.6451823, -1.297201, 1.347656] as [Float], shape: [2, 2])]),
    ] as [ContribCase])
  func products(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "GatherBlockQuantized", [codes([2, 16], UInt8.self), Tensor([1] as [Int64]), ramp([2, 2], step: 3)],
        ["block_size": .int(16)],
        [
          Tensor(
            [
              -0.75, -0.75, 0.5, -0.25, 1.75, 0.25, -1, 1, 0.25, 1.5, 1.5, -2, -1.25, -1.25, 0, -0.75, 5, -1, -6, 2, -1,
              4, 4, 6, -7, -7, -2, -5, 3, -3, -8, 0,
            ] as [Float], shape: [1, 32])
        ]),
      .init(
        "GatherBlockQuantized",
        [
          codes([2, 16], UInt8.self), Tensor([1] as [Int32], shape: []), ramp([2, 1], step: 3),
          codes([2, 1], UInt8.self),
        ], ["bits": .int(8), "block_size": .int(16)],
        [
          Tensor(
            [-21.5, -40, -58.5, -77, -95.5, 14, -4.5, -23, -41.5, -60, -78.5, -97, 12.5, -6, -24.5, -43] as [Float])
        ]),
      .init(
        "GatherBlockQuantized",
        [codes([2, 4], UInt8.self), Tensor([-1] as [Int64]), ramp([2, 1], step: 3), codes([2, 1], UInt8.self)],
        ["bits": .int(2), "block_size": .int(16)],
        [Tensor([0.5, -0, 0.5, -0, -0, -0.5, -0.5, -0, -0.5, 1, -0, -0.5, 1, -0, 1, 1] as [Float], shape: [1, 16])]),
    ] as [ContribCase])
  func rows(_ row: ContribCase) throws { try row.check() }
}
