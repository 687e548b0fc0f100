import DecantIR
import Testing

import DecantOps

/// Products of codes, whose results are floats or codes again.
@Suite struct ContribIntegerProductTests {
  @Test(
    arguments: [
      .init(
        "DynamicQuantizeMatMul",
        [
          ramp([2, 3]), codes([3, 4], Int8.self, step: 53), Tensor([0.02] as [Float], shape: []),
          Tensor([3] as [Int8], shape: []), Tensor([1, 2, 3, 4] as [Float]),
        ], [:],
        [
          Tensor(
            [1.390196, 1.070392, 0.7505882, 6.805686, 2.117255, 3.917451, 5.717647, 1.142941] as [Float], shape: [2, 4])
        ]),
      .init(
        "DynamicQuantizeMatMul",
        [
          ramp([2, 3]), codes([3, 4], UInt8.self), Tensor([0.01, 0.02, 0.03, 0.04] as [Float]),
          Tensor([1, 2, 3, 4] as [UInt8]),
        ], [:],
        [
          Tensor(
            [0.4901961, 0.08392157, -1.218824, -8.538039, 0.1094118, 0.7623529, 1.958824, 1.088627] as [Float],
            shape: [2, 4])
        ]),
      .init(
        "MatMulIntegerToFloat",
        [
          codes([2, 3], UInt8.self), codes([3, 4], Int8.self, step: 53), Tensor([0.5] as [Float], shape: []),
          Tensor([0.02] as [Float], shape: []), Tensor([7] as [UInt8], shape: []), Tensor([3] as [Int8], shape: []),
          Tensor([1, 2, 3, 4] as [Float]),
        ], [:], [Tensor([-75.66, -19.01, 37.64, 99.41, -215.52, 17.62, 250.76, 204.86] as [Float], shape: [2, 4])]),
      .init(
        "MatMulIntegerToFloat",
        [
          codes([2, 3], UInt8.self), codes([3, 4], Int8.self, step: 53), Tensor([0.5] as [Float], shape: []),
          Tensor([0.01, 0.02, 0.03, 0.04] as [Float]), Tensor([7] as [UInt8], shape: []),
        ], [:], [Tensor([-36.755, -17.86, 56.685, 197.12, -101.69, 28.76, 391.35, 428] as [Float], shape: [2, 4])]),
      .init(
        "QGemm",
        [
          codes([2, 3], UInt8.self), Tensor([0.5] as [Float], shape: []), Tensor([7] as [UInt8], shape: []),
          codes([3, 4], Int8.self, step: 53), Tensor([0.02] as [Float], shape: []), Tensor([3] as [Int8], shape: []),
          Tensor([1, -2, 3, 400] as [Int32]), Tensor([1] as [Float], shape: []), Tensor([100] as [UInt8], shape: []),
        ], ["alpha": .float(0.5)], [Tensor([62, 89, 117, 150, 0, 108, 224, 202] as [UInt8], shape: [2, 4])]),
      .init(
        "QGemm",
        [
          codes([3, 2], UInt8.self), Tensor([0.5] as [Float], shape: []), Tensor([7] as [UInt8], shape: []),
          codes([4, 3], Int8.self, step: 53), Tensor([0.01, 0.02, 0.03, 0.04] as [Float]),
          Tensor([1, 2, 3, 4] as [Int8]),
        ], ["transA": .int(1), "transB": .int(1)],
        [Tensor([100.78, -10.12, -63.9, 238.96, 132.415, -55.63, -11.175, 281.14] as [Float], shape: [2, 4])]),
    ] as [ContribCase])
  func products(_ row: ContribCase) throws { try row.check() }
}
