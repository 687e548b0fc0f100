import DecantIR
import DecantOps
import Testing

@Suite struct OperationCostTests {
  /// Counted by hand: a multiply-add is two.
  struct Case: Sendable, CustomTestStringConvertible {
    let op: OpName
    let attributes: Attributes
    let operands: [[Int]?]
    let results: [[Int]?]
    let expected: Double?

    init(
      _ op: OpName, _ operands: [[Int]?], _ results: [[Int]?], _ expected: Double?, attributes: Attributes = [:]
    ) {
      self.op = op
      self.attributes = attributes
      self.operands = operands
      self.results = results
      self.expected = expected
    }

    var testDescription: String { "\(op) of \(operands)" }
  }

  static let cases = [
    Case("MatMul", [[2, 3], [3, 4]], [[2, 4]], 48),
    Case("MatMul", [[5, 2, 3], [3, 4]], [[5, 2, 4]], 240),
    Case("MatMul", [[3], [3]], [[]], 6),
    Case("Gemm", [[3, 2], [3, 4]], [[2, 4]], 48, attributes: ["transA": .int(1)]),
    Case("Conv", [[1, 3, 8, 8], [4, 3, 3, 3]], [[1, 4, 6, 6]], Double(2 * 4 * 36 * 27)),
    Case(
      "Conv", [[1, 4, 8, 8], [4, 1, 3, 3]], [[1, 4, 6, 6]], Double(2 * 4 * 36 * 9), attributes: ["group": .int(4)]),
    Case("ConvTranspose", [[1, 4, 6, 6], [4, 3, 3, 3]], [[1, 3, 8, 8]], Double(2 * 4 * 36 * 27)),
    Case(
      "QLinearConv", [[1, 3, 8, 8], [], [], [4, 3, 3, 3], [4], [4], [], []], [[1, 4, 6, 6]], Double(2 * 4 * 36 * 27)),
    Case("LSTM", [[7, 2, 3], [1, 20, 3], [1, 20, 5]], [[7, 1, 2, 5]], Double(2 * 14 * (60 + 100))),
    Case("Attention", [[1, 2, 5, 8], [1, 2, 6, 8], [1, 2, 6, 4]], [[1, 2, 5, 4]], Double(2 * 2 * 5 * 6 * 12)),
    Case(
      OpName("MatMulNBits", domain: "com.microsoft"), [[4, 64], [8, 2, 16], [16]], [[4, 8]], Double(2 * 4 * 8 * 64),
      attributes: ["K": .int(64)]),
    Case("MatMul", [nil, [3, 4]], [[2, 4]], nil),
    Case("Relu", [[2, 3]], [[2, 3]], nil),
  ]

  @Test(arguments: cases) func counts(_ one: Case) {
    let shapes = OperationCosts.Shapes(operands: one.operands, results: one.results)
    #expect(OperationCosts.operations(of: one.op, one.attributes, shapes) == one.expected)
  }

  @Test func factorsAreWhatIsMultiplied() {
    #expect(OperationCosts.factors(of: "QLinearConv") == [0, 3])
    #expect(OperationCosts.factors(of: "Relu").isEmpty)
  }
}
