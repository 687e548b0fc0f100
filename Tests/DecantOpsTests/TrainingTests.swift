import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX 1.23.2's reference evaluator.
@Suite struct TrainingTests {
  private static let rate = Tensor(scalar: Float(0.1))
  private static let x = ramp([3])
  private static let gradient = ramp([3], step: 3)
  private static let mean = ramp([3], step: 5)
  private static let squares = Tensor([1.25, 0.75, 0.25] as [Float])

  private func step(_ name: String, _ count: Int64, _ tensors: [Tensor], _ attributes: Attributes, results: Int) throws
    -> [Tensor]
  {
    try evaluate(
      OpName(name, domain: "ai.onnx.preview.training"), [TrainingTests.rate, Tensor(scalar: count)] + tensors,
      attributes, results: results)
  }

  @Test func adagrad() throws {
    let results = try step(
      "Adagrad", 2, [TrainingTests.x, TrainingTests.gradient, TrainingTests.squares],
      ["decay_factor": .float(0.1), "norm_coefficient": .float(0.01)], results: 2)
    expect(results[0], Tensor([-1.18761, 0.541353, -0.536668] as [Float]))
    expect(results[1], Tensor([2.84391, 0.995025, 0.310025] as [Float]))
  }

  @Test func adam() throws {
    let results = try step(
      "Adam", 2, [TrainingTests.x, TrainingTests.gradient, TrainingTests.mean, TrainingTests.squares],
      [
        "alpha": .float(0.9), "beta": .float(0.99), "norm_coefficient": .float(0.01),
        "norm_coefficient_post": .float(0.1),
      ], results: 3)
    expect(results[0], Tensor([-1.05032, 0.453832, -0.604209] as [Float]))
    expect(results[1], Tensor([-1.25125, -0.0495, 1.1495] as [Float]))
    expect(results[2], Tensor([1.25344, 0.74495, 0.2481] as [Float]))
  }

  @Test func adamsFirstStep() throws {
    let results = try step(
      "Adam", 0, [TrainingTests.x, TrainingTests.gradient, TrainingTests.mean, TrainingTests.squares], [:], results: 3)
    expect(results[0], Tensor([-1.13821, 0.505775, -0.730086] as [Float]))
  }

  @Test(arguments: [
    ("standard", [-1.07438, 0.52475, -0.62475] as [Float]), ("nesterov", [-0.965688, 0.571775, -0.636775]),
  ])
  func momentum(_ mode: String, _ wanted: [Float]) throws {
    let results = try step(
      "Momentum", 2, [TrainingTests.x, TrainingTests.gradient, TrainingTests.mean],
      [
        "alpha": .float(0.9), "beta": .float(0.5), "norm_coefficient": .float(0.01), "mode": .string(ByteString(mode)),
      ], results: 2)
    expect(results[0], Tensor(wanted))
    expect(results[1], Tensor([-1.75625, -0.2475, 1.2475] as [Float]))
  }

  @Test func tensorsStandBesideEachOther() throws {
    let (x, g, v, h) = (TrainingTests.x, TrainingTests.gradient, TrainingTests.mean, TrainingTests.squares)
    let results = try step(
      "Momentum", 0, [x, g, g, x, v, h],
      ["alpha": .float(0.9), "beta": .float(0.5), "norm_coefficient": .float(0.01), "mode": .string("standard")],
      results: 4)
    expect(results[0], Tensor([-1.01125, 0.5495, -0.637] as [Float]))
    expect(results[1], Tensor([-1.23625, -0.617, 0.27725] as [Float]))
    expect(results[2], Tensor([-2.3875, -0.495, 1.37] as [Float]))
    expect(results[3], Tensor([-0.1375, 1.17, -0.2725] as [Float]))
  }

  @Test func refusals() {
    #expect(throws: OpError("expected 2 operands and a multiple of 3, got 4")) {
      try step("Adagrad", 0, [TrainingTests.x, TrainingTests.x], [:], results: 2)
    }
    #expect(throws: OpError("operand 3: expected f32[3], got f32[2]")) {
      try step("Adagrad", 0, [TrainingTests.x, ramp([2]), TrainingTests.x], [:], results: 2)
    }
  }
}
