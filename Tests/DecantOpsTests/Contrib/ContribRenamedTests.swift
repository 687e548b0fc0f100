import DecantIR
import Testing

import DecantOps

/// Operators that came into ONNX later, and others that a standard operator serves.
@Suite struct ContribRenamedTests {
  @Test(
    arguments: [
      .init(
        "ExpandDims", [ramp([1, 2, 4]), Tensor([-1] as [Int32], shape: [])], [:],
        [Tensor([-1.25, 0.5, -0.5, 1.25, 0.25, -0.75, 1, 0] as [Float], shape: [1, 2, 4, 1])]),
      .init(
        "UnfoldTensor", [ramp([2, 4])], ["size": .int(2), "step": .int(2)],
        [Tensor([-1.25, 0.5, -0.5, 1.25, 0.25, -0.75, 1, 0] as [Float], shape: [2, 2, 2])]),
      .init(
        "UnfoldTensor", [ramp([3, 2])], ["dim": .int(0), "size": .int(2)],
        [Tensor([-1.25, -0.5, 0.5, 1.25, -0.5, 0.25, 1.25, -0.75] as [Float], shape: [2, 2, 2])]),
      .init(
        "Pad", [ramp([1, 2]), Tensor([0, 1, 1, 0] as [Int64]), Tensor([9] as [Float])], [:],
        [Tensor([9, -1.25, 0.5, 9, 9, 9] as [Float], shape: [2, 3])]),
      .init(
        "Pad", [ramp([1, 3]), Tensor([0, 1, 0, 2] as [Int64], shape: [1, 4])], ["mode": .string("edge")],
        [Tensor([-1.25, -1.25, 0.5, -0.5, -0.5, -0.5] as [Float], shape: [1, 6])]),
      .init(
        "SampleOp", [ramp([1, 2, 4])], [:],
        [Tensor([-1.25, 0.5, -0.5, 1.25, 0.25, -0.75, 1, 0] as [Float], shape: [1, 2, 4])]),
    ] as [ContribCase])
  func shapes(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "GatherND", [ramp([2, 3]), Tensor([0, 2, 1, -1] as [Int64], shape: [2, 2])], [:],
        [Tensor([-0.5, -0.75] as [Float])]),
      .init(
        "TorchEmbedding", [ramp([3, 2]), Tensor([2, 0] as [Int64])], [:],
        [Tensor([0.25, -0.75, -1.25, 0.5] as [Float], shape: [2, 2])]),
      .init(
        "Unique", [Tensor([2, 1, 1, 3, 4, 3] as [Float])], [:],
        [Tensor([2, 1, 3, 4] as [Float]), Tensor([0, 1, 1, 2, 3, 2] as [Int64]), Tensor([1, 2, 2, 1] as [Int64])]),
      .init(
        "Range", [Tensor([1] as [Int16], shape: []), Tensor([4] as [Int16], shape: [])], [:],
        [Tensor([1, 2, 3] as [Int16])]),
      .init(
        "Range",
        [Tensor([1] as [Float], shape: []), Tensor([2] as [Float], shape: []), Tensor([0.5] as [Float], shape: [])],
        [:], [Tensor([1, 1.5] as [Float])]),
      .init(
        "GridSample", [ramp([1, 1, 3, 3]), Tensor([-0.5, 0.2, 0.9, -2] as [Float], shape: [1, 1, 2, 2])],
        ["mode": .string("bicubic"), "padding_mode": .string("border")],
        [Tensor([1.195777, -0.610906] as [Float], shape: [1, 1, 1, 2])]),
      .init(
        "GridSample", [ramp([1, 1, 3, 3]), Tensor([-0.5, 0.2, 0.9, -2] as [Float], shape: [1, 1, 2, 2])], [:],
        [Tensor([0.9250001, 0] as [Float], shape: [1, 1, 1, 2])]),
    ] as [ContribCase])
  func places(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "TransposeMatMul", [ramp([2, 3]), ramp([4, 3], step: 3)], ["alpha": .float(0.5), "transB": .int(1)],
        [Tensor([0.59375, -0.8125, 0.1875, 0.5, -0.9375, 0.59375, 0.75, 0.5625] as [Float], shape: [2, 4])]),
      .init(
        "ConvTransposeWithDynamicPads",
        [ramp([1, 1, 3]), ramp([1, 2, 2], step: 3), Tensor([1, 0] as [Int64]), Tensor([0.5, -0.5] as [Float])],
        ["kernel_shape": .ints([2]), "strides": .ints([2])],
        [Tensor([1.125, -0.125, 0.25, 1.125, 0.75, -1.75, -0.375, 0, -0.625, -1] as [Float], shape: [1, 2, 5])]),
    ] as [ContribCase])
  func products(_ row: ContribCase) throws { try row.check() }
}
