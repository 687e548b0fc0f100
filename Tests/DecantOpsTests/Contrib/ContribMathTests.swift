import DecantIR
import Testing

import DecantOps

/// Arithmetic, products and reductions that ONNX has no operator for.
@Suite struct ContribMathTests {
  @Test(
    arguments: [
      .init(
        "CDist", [ramp([2, 3]), ramp([3, 3], step: 3)], [:],
        [Tensor([1.5625, 7.375, 3.6875, 7.8125, 1.875, 1.5625] as [Float], shape: [2, 3])]),
      .init(
        "CDist", [ramp([2, 3]), ramp([1, 3], step: 3)], ["metric": .string("euclidean")],
        [Tensor([1.25, 2.795085] as [Float], shape: [2, 1])]),
      .init(
        "ComplexMul", [ramp([2, 2]), ramp([1, 2], step: 3)], [:],
        [Tensor([1.8125, 0, 1.25, -1.3125] as [Float], shape: [2, 2])]),
      .init(
        "ComplexMulConj", [ramp([2, 2]), ramp([1, 2], step: 3)], [:],
        [Tensor([1.3125, -1.25, 0, -1.8125] as [Float], shape: [2, 2])]),
      .init(
        "GemmFastGelu", [ramp([2, 3]), ramp([3, 2], step: 3), Tensor([0.5, -1] as [Float])], [:],
        [Tensor([2.6783, 0.1496754, -0.1003246, -0.13976] as [Float], shape: [2, 2])]),
      .init(
        "BiasSoftmax", [ramp([2, 2, 3]), ramp([2, 1, 3], step: 3)], ["axis": .int(2), "is_inner_broadcast": .int(1)],
        [
          Tensor(
            [
              0.04411071, 0.5373785, 0.4185108, 0.4192289, 0.3264958, 0.2542752, 0.9186437, 0.04573658, 0.03561968,
              0.9186437, 0.04573658, 0.03561968,
            ] as [Float], shape: [2, 2, 3])
        ]),
      .init(
        "BiasDropout", [ramp([2, 3]), ramp([3], step: 3), ramp([2, 3], step: 5)], [:],
        [
          Tensor([-3.75, 0, 1, -0.25, 0.75, -1] as [Float], shape: [2, 3]),
          tensor([1, 1, 1, 1, 1, 1], [2, 3], of: Boolean.self),
        ]),
    ] as [ContribCase])
  func floats(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init("IsAllFinite", [ramp([2]), Tensor([1, .nan] as [Float])], [:], [tensor([0], [], of: Boolean.self)]),
      .init(
        "IsAllFinite", [ramp([2]), Tensor([1, .nan] as [Float])], ["isinf_only": .int(1)],
        [tensor([1], [], of: Boolean.self)]),
    ] as [ContribCase])
  func truth(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "MatMulInteger16", [codes([2, 2], Int16.self, step: 111), codes([2, 2], Int16.self, step: 77)], [:],
        [Tensor([18469, 27786, 54877, 98382] as [Int32], shape: [2, 2])]),
      .init(
        "MulInteger",
        [
          codes([2, 3], UInt8.self), Tensor([9] as [UInt8], shape: []), codes([3], UInt8.self, step: 91),
          Tensor([200] as [UInt8], shape: []),
        ], [:], [Tensor([780, -3432, -910, -20865, -14976, -2353] as [Int32], shape: [2, 3])]),
      .init(
        "ReduceSumInteger", [codes([2, 3], Int8.self)], ["axes": .ints([1]), "keepdims": .int(0)],
        [Tensor([126, -53] as [Int32])]),
    ] as [ContribCase])
  func integers(_ row: ContribCase) throws { try row.check() }
}
