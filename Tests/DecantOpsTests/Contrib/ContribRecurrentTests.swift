import DecantIR
import Testing

import DecantOps

/// Recurrent layers whose weights are codes of 8 bits.
@Suite struct ContribRecurrentTests {
  @Test(
    arguments: [
      .init(
        "DynamicQuantizeLSTM",
        [
          ramp([2, 1, 2]), codes([1, 2, 8], UInt8.self), codes([1, 2, 8], UInt8.self, step: 53), nil, nil, nil, nil,
          nil, Tensor([0.01] as [Float]), Tensor([100] as [UInt8]), Tensor([0.005] as [Float]), Tensor([90] as [UInt8]),
        ], ["hidden_size": .int(2)],
        [
          Tensor([-0.3510497, 0.2250214, -0.4058013, 0.1235767] as [Float], shape: [2, 1, 1, 2]),
          Tensor([-0.4058013, 0.1235767] as [Float], shape: [1, 1, 2]),
          Tensor([-0.9255391, 0.2034278] as [Float], shape: [1, 1, 2]),
        ]),
      .init(
        "DynamicQuantizeLSTM",
        [
          ramp([2, 2, 2]), codes([1, 2, 4], Int8.self), codes([1, 1, 4], Int8.self, step: 53), ramp([1, 8]),
          Tensor([1, 2] as [Int32]), nil, nil, nil, Tensor([0.01, 0.02, 0.03, 0.04] as [Float], shape: [1, 4]),
          Tensor([0, 0, 0, 0] as [Int8], shape: [1, 4]),
          Tensor([0.005, 0.005, 0.005, 0.005] as [Float], shape: [1, 4]),
          Tensor([0, 0, 0, 0] as [Int8], shape: [1, 4]),
        ], ["direction": .string("reverse"), "hidden_size": .int(1)],
        [
          Tensor([-0.02100063, -0.001290088, 0, 0.1749108] as [Float], shape: [2, 1, 2, 1]),
          Tensor([-0.02100063, -0.001290088] as [Float], shape: [1, 2, 1]),
          Tensor([-0.1711295, -0.01368779] as [Float], shape: [1, 2, 1]),
        ]),
    ] as [ContribCase])
  func steps(_ row: ContribCase) throws { try row.check() }
}
