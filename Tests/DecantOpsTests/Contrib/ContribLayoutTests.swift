import DecantIR
import Testing

import DecantOps

/// Matrices, pooling with the channels last and rotations of `com.microsoft`.
@Suite struct ContribLayoutTests {
  @Test(
    arguments: [
      .init(
        "Inverse", [Tensor([2, 1, 1, 1] as [Float], shape: [2, 2])], [:],
        [Tensor([1, -1, -1, 2] as [Float], shape: [2, 2])]),
      .init(
        "Inverse", [Tensor([0, 2, 0, 1, 0, 0, 0, 0, 4] as [Float], shape: [1, 3, 3])], [:],
        [Tensor([0, 1, 0, 0.5, 0, 0, 0, 0, 0.25] as [Float], shape: [1, 3, 3])]),
      .init(
        "Trilu", [ramp([2, 3]), Tensor([1] as [Int64], shape: [])], ["upper": .int(1)],
        [Tensor([0, 0.5, -0.5, 0, 0, -0.75] as [Float], shape: [2, 3])]),
      .init(
        "Trilu", [ramp([3, 3])], ["upper": .int(0)],
        [Tensor([-1.25, 0, 0, 1.25, 0.25, 0, 1, 0, -1] as [Float], shape: [3, 3])]),
    ] as [ContribCase])
  func matrices(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "NhwcMaxPool", [codes([1, 3, 3, 2], UInt8.self)], ["kernel_shape": .ints([2, 2])],
        [Tensor([227, 116, 153, 190, 227, 230, 119, 156] as [UInt8], shape: [1, 2, 2, 2])]),
      .init(
        "NhwcMaxPool", [codes([1, 3, 3, 1], Int8.self)],
        ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])],
        [Tensor([116, 79, 116, 45] as [Int8], shape: [1, 2, 2, 1])]),
    ] as [ContribCase])
  func pooling(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "RotaryEmbedding", [ramp([1, 2, 4]), Tensor([0] as [Int64]), ramp([3, 2], step: 3), ramp([3, 2], step: 5)],
        ["num_heads": .int(1)],
        [Tensor([0.9375, -0.25, 2.1875, -0.625, -1.1875, -0.75, 0.5625, 0.1875] as [Float], shape: [1, 2, 4])]),
      .init(
        "RotaryEmbedding",
        [ramp([1, 2, 4]), Tensor([2, 1] as [Int64], shape: [1, 2]), ramp([3, 1], step: 3), ramp([3, 1], step: 5)],
        ["interleaved": .int(1), "num_heads": .int(2)],
        [Tensor([-0.9375, -1.4375, -1.6875, -0.3125, -0.125, 0.375, -0.5, 0] as [Float], shape: [1, 2, 4])]),
      .init(
        "RotaryEmbedding",
        [
          ramp([1, 1, 2, 4]), Tensor([2, 0] as [Int64], shape: [1, 2]), ramp([3, 2], step: 3), ramp([3, 2], step: 5),
        ], ["interleaved": .int(1)],
        [Tensor([0.75, -1.75, 0.75, -0.0625, -1.25, 0.625, -0.5, 0] as [Float], shape: [1, 1, 2, 4])]),
    ] as [ContribCase])
  func rotations(_ row: ContribCase) throws { try row.check() }
}
