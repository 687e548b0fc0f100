import DecantIR
import Testing

import DecantOps

/// Activations of `com.microsoft`.
@Suite struct ContribActivationTests {
  @Test(
    arguments: [
      .init(
        "BiasGelu", [ramp([2, 3]), ramp([3], step: 3)], [:],
        [Tensor([-0.0155241, 0, -0.1003234, 0, -0.1003234, -0.1542688] as [Float], shape: [2, 3])]),
      .init(
        "FastGelu", [ramp([2, 3])], [:],
        [Tensor([-0.1322858, 0.345714, -0.154286, 1.117714, 0.1496754, -0.1700394] as [Float], shape: [2, 3])]),
      .init(
        "FastGelu", [ramp([2, 3]), ramp([3], step: 3)], [:],
        [Tensor([-0.0150843, 0, -0.1003247, 0, -0.1003247, -0.154286] as [Float], shape: [2, 3])]),
      .init(
        "Gelu", [ramp([2, 3])], [:],
        [Tensor([-0.1320622, 0.3457312, -0.1542688, 1.117938, 0.1496766, -0.1699705] as [Float], shape: [2, 3])]),
      .init(
        "QuickGelu", [ramp([2, 3])], [:],
        [Tensor([-0.1330657, 0.3503884, -0.1496116, 1.116934, 0.1511997, -0.16361] as [Float], shape: [2, 3])]),
      .init(
        "QuickGelu", [ramp([2, 3])], ["alpha": .float(0.5)],
        [Tensor([-0.4358065, 0.2810882, -0.2189118, 0.8141935, 0.1328023, -0.3055001] as [Float], shape: [2, 3])]),
    ] as [ContribCase])
  func agree(_ row: ContribCase) throws { try row.check() }
}
