import DecantIR
import Testing

import DecantOps

/// A node of `com.microsoft`, and what ONNX Runtime 1.31.1 computes for it.
struct ContribCase: Sendable, CustomTestStringConvertible {
  private let op: String
  private let operands: [Tensor?]
  private let attributes: Attributes
  private let wanted: [Tensor?]

  /// Results that are nil are not looked at.
  init(_ op: String, _ operands: [Tensor?], _ attributes: Attributes, _ wanted: [Tensor?]) {
    (self.op, self.operands, self.attributes, self.wanted) = (op, operands, attributes, wanted)
  }

  var testDescription: String { "\(op) \(operands.map { $0.map { "\($0.dataType)\($0.shape)" } ?? "-" })" }

  /// Runs the reference kernel, and compares.
  func check(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let results = try evaluate(
      OpName(op, domain: "com.microsoft"), operands, attributes, results: wanted.count, sourceLocation: sourceLocation)
    try #require(results.count >= wanted.count, sourceLocation: sourceLocation)
    for (result, number) in zip(results, wanted) {
      if let number { expect(result, number, sourceLocation: sourceLocation) }
    }
  }
}

/// Codes that run through their type: the low bits of `start + i · step`.
func codes<Code: TensorElement & FixedWidthInteger>(
  _ shape: [Int], _ type: Code.Type, step: Int = 37, start: Int = 5
) -> Tensor {
  Tensor((0..<shape.reduce(1, *)).map { Code(truncatingIfNeeded: start + $0 * step) }, shape: shape)
}
