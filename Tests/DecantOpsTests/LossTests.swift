import DecantIR
import Testing

@testable import DecantOps

/// Results computed by ONNX 1.23.2's reference evaluator.
@Suite struct LossTests {
  private static let targets = Tensor([2, 1, 0, 2] as [Int64], shape: [2, 2])
  private static let weights = Tensor([0.2, 0.3, 0.1] as [Float])

  @Test(arguments: [
    ("none", Tensor([-0.25, -1.25, -1, 1.25] as [Float], shape: [2, 2])), ("sum", Tensor(scalar: Float(-1.25))),
    ("mean", Tensor(scalar: Float(-0.3125))),
  ])
  func likelihood(_ reduction: String, _ wanted: Tensor) throws {
    let results = try evaluate(
      "NegativeLogLikelihoodLoss", [ramp([2, 3, 2]), LossTests.targets],
      ["reduction": .string(ByteString(reduction))])
    expect(results[0], wanted)
  }

  @Test(arguments: [
    ("none", Tensor([-0.025, -0.375, 0, 0.125] as [Float], shape: [2, 2])), ("mean", Tensor(scalar: Float(-0.55))),
  ])
  func weightedLikelihoodWithIgnoredClass(_ reduction: String, _ wanted: Tensor) throws {
    let results = try evaluate(
      "NegativeLogLikelihoodLoss", [ramp([2, 3, 2]), LossTests.targets, LossTests.weights],
      ["reduction": .string(ByteString(reduction)), "ignore_index": .int(0)])
    expect(results[0], wanted)
  }

  @Test func ignoredIndexNeedNotBeAClass() throws {
    let targets = Tensor([2, -7, 0, 2] as [Int32], shape: [2, 2])
    let results = try evaluate(
      "NegativeLogLikelihoodLoss", [ramp([2, 3, 2]), targets, LossTests.weights], ["ignore_index": .int(-7)])
    expect(results[0], Tensor(scalar: Float(-0.25)))
  }

  @Test func crossEntropy() throws {
    let results = try evaluate("SoftmaxCrossEntropyLoss", [ramp([2, 3, 2]), LossTests.targets], results: 2)
    expect(results[0], Tensor(scalar: Float(0.957385)))
    expect(
      results[1],
      Tensor(
        [
          -2.02798, -1.22481, -1.27798, -0.474806, -0.527976, -2.47481, -0.351952, -1.22481, -2.35195, -0.474806,
          -1.60195, -2.47481,
        ] as [Float], shape: [2, 3, 2]))
  }

  @Test func weightedCrossEntropy() throws {
    let results = try evaluate(
      "SoftmaxCrossEntropyLoss", [ramp([2, 3, 2]), LossTests.targets, LossTests.weights],
      ["reduction": .string("none")])
    expect(results[0], Tensor([0.0527976, 0.142442, 0.0703904, 0.247481] as [Float], shape: [2, 2]))
  }

  @Test func symbolsPassThrough() throws {
    let types: [ValueType?] = [.tensor(.float32, [.symbol("N"), 5, .symbol("L")]), .tensor(.int64, nil)]
    let inferred = try infer("SoftmaxCrossEntropyLoss", types, ["reduction": .string("none")], results: 2)
    #expect(inferred[0] == .tensor(.float32, [.symbol("N"), .symbol("L")]))
    #expect(inferred[1] == types[0])
  }

  @Test func refusals() {
    let cases: [(OpError, [Tensor], Attributes)] = [
      (
        OpError("operand 1: expected classes in 0..<3, got 5"),
        [ramp([1, 3]), Tensor([5] as [Int64])], [:]
      ),
      (OpError("operand 1: expected shape [1], got [2]"), [ramp([1, 3]), Tensor([0, 1] as [Int64])], [:]),
      (
        OpError("operand 2: expected shape [3], got [2]"),
        [ramp([1, 3]), Tensor([0] as [Int64]), ramp([2])], [:]
      ),
      (
        OpError("'reduction' expected one of 'mean', 'none', 'sum', got 'max'"),
        [ramp([1, 3]), Tensor([0] as [Int64])], ["reduction": .string("max")]
      ),
    ]
    for (error, operands, attributes) in cases {
      #expect(throws: error) { try evaluate("NegativeLogLikelihoodLoss", operands, attributes) }
    }
  }
}
