import DecantIR
import Testing

import DecantOps

/// Operators of `com.microsoft` from codes to codes.
@Suite struct QLinearTests {
  @Test(
    arguments: [
      .init(
        "QLinearAdd",
        [
          codes([2, 3], UInt8.self), Tensor([0.1] as [Float], shape: []), Tensor([9] as [UInt8], shape: []),
          codes([3], UInt8.self, step: 91), Tensor([0.2] as [Float], shape: []), Tensor([200] as [UInt8], shape: []),
          Tensor([0.3] as [Float], shape: []), Tensor([100] as [UInt8], shape: []),
        ], [:], [Tensor([0, 42, 115, 6, 79, 152] as [UInt8], shape: [2, 3])]),
      .init(
        "QLinearAdd",
        [
          codes([2, 3], Int8.self), Tensor([0.1] as [Float], shape: []), Tensor([9] as [Int8], shape: []),
          codes([3], Int8.self, step: 91), Tensor([0.2] as [Float], shape: []), Tensor([-20] as [Int8], shape: []),
          Tensor([0.3] as [Float], shape: []),
        ], [:], [Tensor([15, 88, -9, 52, 40, -58] as [Int8], shape: [2, 3])]),
      .init(
        "QLinearMul",
        [
          codes([2, 3], UInt8.self), Tensor([0.1] as [Float], shape: []), Tensor([9] as [UInt8], shape: []),
          codes([3], UInt8.self, step: 91), Tensor([0.2] as [Float], shape: []), Tensor([200] as [UInt8], shape: []),
          Tensor([3] as [Float], shape: []), Tensor([100] as [UInt8], shape: []),
        ], [:], [Tensor([105, 77, 94, 0, 0, 84] as [UInt8], shape: [2, 3])]),
      .init(
        "QLinearLeakyRelu",
        [
          codes([2, 3], Int8.self), Tensor([0.1] as [Float], shape: []), Tensor([9] as [Int8], shape: []),
          Tensor([0.05] as [Float], shape: []), Tensor([-5] as [Int8], shape: []),
        ], ["alpha": .float(0.3)], [Tensor([-7, 61, 127, 127, -72, -50] as [Int8], shape: [2, 3])]),
      .init(
        "QLinearSigmoid",
        [
          codes([2, 3], UInt8.self), Tensor([0.05] as [Float], shape: []), Tensor([100] as [UInt8], shape: []),
          Tensor([0.00390625] as [Float], shape: []), Tensor([0] as [UInt8], shape: []),
        ], [:], [Tensor([2, 13, 66, 177, 239, 253] as [UInt8], shape: [2, 3])]),
      .init(
        "QLinearConcat",
        [
          Tensor([0.1] as [Float], shape: []), Tensor([3] as [UInt8], shape: []), codes([2, 3], UInt8.self),
          Tensor([0.1] as [Float], shape: []), Tensor([3] as [UInt8], shape: []), codes([1, 3], UInt8.self),
          Tensor([0.05] as [Float], shape: []), Tensor([7] as [UInt8], shape: []),
        ], ["axis": .int(0)], [Tensor([5, 42, 79, 116, 153, 190, 2, 21, 39] as [UInt8], shape: [3, 3])]),
      .init(
        "QLinearWhere",
        [
          tensor([1, 0, 1], [3], of: Boolean.self), codes([2, 3], UInt8.self), Tensor([0.1] as [Float], shape: []),
          Tensor([3] as [UInt8], shape: []), codes([3], UInt8.self, step: 91), Tensor([0.05] as [Float], shape: []),
          Tensor([9] as [UInt8], shape: []), Tensor([0.2] as [Float], shape: []), Tensor([50] as [UInt8], shape: []),
        ], [:], [Tensor([51, 72, 88, 106, 72, 144] as [UInt8], shape: [2, 3])]),
    ] as [ContribCase])
  func elementwise(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "QLinearAveragePool",
        [
          codes([1, 1, 3, 3], UInt8.self), Tensor([0.1] as [Float], shape: []), Tensor([9] as [UInt8], shape: []),
          Tensor([0.05] as [Float], shape: []), Tensor([3] as [UInt8], shape: []),
        ], ["kernel_shape": .ints([2, 2])], [Tensor([143, 217, 237, 183] as [UInt8], shape: [1, 1, 2, 2])]),
      .init(
        "QLinearAveragePool",
        [
          codes([1, 3, 3, 2], Int8.self), Tensor([0.1] as [Float], shape: []), Tensor([9] as [Int8], shape: []),
          Tensor([0.2] as [Float], shape: []), Tensor([3] as [Int8], shape: []),
        ],
        [
          "channels_last": .int(1), "count_include_pad": .int(1), "kernel_shape": .ints([3, 3]),
          "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2]),
        ], [Tensor([7, 15, 9, 3, -1, 7, 15, 9] as [Int8], shape: [1, 2, 2, 2])]),
      .init(
        "QLinearGlobalAveragePool",
        [
          codes([1, 2, 2, 3], UInt8.self), Tensor([0.1] as [Float], shape: []), Tensor([9] as [UInt8], shape: []),
          Tensor([0.05] as [Float], shape: []), Tensor([3] as [UInt8], shape: []),
        ], [:], [Tensor([180, 197] as [UInt8], shape: [1, 2, 1, 1])]),
      .init(
        "QLinearReduceMean",
        [
          codes([2, 3], UInt8.self), Tensor([0.1] as [Float], shape: []), Tensor([9] as [UInt8], shape: []),
          Tensor([0.2] as [Float], shape: []), Tensor([3] as [UInt8], shape: []),
        ], ["axes": .ints([1]), "keepdims": .int(0)], [Tensor([19, 75] as [UInt8])]),
      .init(
        "QLinearSoftmax",
        [
          codes([2, 4], UInt8.self), Tensor([0.02] as [Float], shape: []), Tensor([9] as [UInt8], shape: []),
          Tensor([0.00390625] as [Float], shape: []), Tensor([0] as [UInt8], shape: []),
        ], ["opset": .int(13)], [Tensor([15, 32, 67, 141, 34, 71, 149, 2] as [UInt8], shape: [2, 4])]),
      .init(
        "QLinearConv",
        [
          codes([1, 3, 3, 1], UInt8.self), Tensor([0.1] as [Float], shape: []), Tensor([9] as [UInt8], shape: []),
          codes([2, 1, 2, 2], Int8.self), Tensor([0.02, 0.03] as [Float]), Tensor([0, 0] as [Int8]),
          Tensor([0.5] as [Float], shape: []), Tensor([100] as [UInt8], shape: []), Tensor([5, -5] as [Int32]),
        ], ["channels_last": .int(1)], [Tensor([206, 78, 242, 35, 195, 0, 150, 0] as [UInt8], shape: [1, 2, 2, 2])]),
    ] as [ContribCase])
  func reductions(_ row: ContribCase) throws { try row.check() }

  @Test(
    arguments: [
      .init(
        "QuantizeLinear",
        [ramp([2, 3]), Tensor([0.001] as [Float], shape: []), Tensor([30000] as [UInt16], shape: [])], [:],
        [Tensor([28750, 30500, 29500, 31250, 30250, 29250] as [UInt16], shape: [2, 3])]),
      .init(
        "QuantizeLinear", [ramp([2, 3]), Tensor([0.001, 0.002] as [Float]), Tensor([3, -4] as [Int16])],
        ["axis": .int(0)], [Tensor([-1247, 503, -497, 621, 121, -379] as [Int16], shape: [2, 3])]),
      .init(
        "DequantizeLinear",
        [
          codes([2, 3], Int16.self, step: 9999), Tensor([0.5, 0.25, 0.125] as [Float]), Tensor([3, -4, 5] as [Int16]),
        ], ["axis": .int(1)], [Tensor([1, 2502, 2499.75, 14999.5, -6382.75, -1942.625] as [Float], shape: [2, 3])]),
      .init(
        "DequantizeLinear", [codes([4], UInt16.self, step: 9999), Tensor([0.5] as [Float], shape: [])], [:],
        [Tensor([2.5, 5002, 10001.5, 15001] as [Float])]),
    ] as [ContribCase])
  func linear(_ row: ContribCase) throws { try row.check() }
}
