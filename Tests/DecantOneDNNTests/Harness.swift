import DecantIR
import DecantOneDNN
import DecantOps
import DecantRuntime
import Testing

/// A node with its operands: what both backends are asked to compute.
struct Case: Sendable, CustomTestStringConvertible {
  let op: OpName
  let attributes: Attributes
  /// Shapes of the operands; nil where one is left out.
  let operands: [[Int]?]
  /// Which operands are constants.
  let constants: Set<Int>
  /// Nodes put in between: an operand goes through a convolution first, so that it comes in a layout of oneDNN's.
  let laidOut: Bool

  init(
    _ op: OpName, _ operands: [[Int]?], constants: Set<Int> = [], _ attributes: Attributes = [:], laidOut: Bool = false
  ) {
    self.op = op
    self.attributes = attributes
    self.operands = operands
    self.constants = constants
    self.laidOut = laidOut
  }

  var testDescription: String {
    "\(op)\(operands.map { $0.map(\.description) ?? "-" }) \(attributes.map { "\($0.name): \($0.value)" }) \(laidOut)"
  }

  /// Numbers that repeat late, of either sign, the same every time.
  static func numbers(_ shape: [Int], seed: UInt32) -> Tensor {
    Tensor(of: Float.self, shape: shape) { span in
      var state = seed &* 747_796_405 &+ 1
      for index in span.indices {
        state = state &* 1_664_525 &+ 1_013_904_223
        span[index] = Float(state >> 8) / Float(1 << 23) - 1
      }
    }
  }

  private var graph: Graph {
    Graph.build { rewriter in
      var values: [ValueID?] = []
      for (index, shape) in operands.enumerated() {
        guard let shape else {
          values.append(nil)
          continue
        }
        // Variances are positive.
        let positive = op == "BatchNormalization" && index == 4
        let data =
          positive ? Tensor([Float](repeating: 0.7, count: shape[0])) : Case.numbers(shape, seed: UInt32(index))
        guard !constants.contains(index) else {
          values.append(rewriter.addInitializer("w\(index)", data))
          continue
        }
        var value = rewriter.addInput("x\(index)", data.type)
        if laidOut, shape.count == 4 {
          let weight = rewriter.addInitializer("pre\(index)", Case.numbers([shape[1], shape[1], 1, 1], seed: 99))
          value = rewriter.add("Conv", [value, weight], name: "conv\(index)")
        }
        values.append(value)
      }
      rewriter.addOutput("y", rewriter.add(op, values, attributes, name: "node"))
    }
  }

  private func run(_ backends: [any Backend]) throws -> Tensor {
    let executor = try Executor(Model(graph: graph), backends: backends)
    var inputs: [String: Tensor] = [:]
    for (index, shape) in operands.enumerated() {
      if let shape, !constants.contains(index) { inputs["x\(index)"] = Case.numbers(shape, seed: UInt32(index)) }
    }
    return try #require(try executor.run(inputs)["y"])
  }

  /// Computes it on both backends; the results agree to 1e-5 of their range.
  func check(usesOneDNN: Bool = true) throws {
    let reference = ReferenceBackend(StandardOps())
    let expected = try run([reference])
    // Without the reference behind it, a node that oneDNN leaves out is an error.
    let got = try run(usesOneDNN ? [OneDNNBackend()] : [OneDNNBackend(), reference])
    #expect(got.shape == expected.shape)
    let (a, b) = (try #require(got.floats), try #require(expected.floats))
    let range = max(try #require(b.max()) - (try #require(b.min())), 0.1)
    let error = zip(a, b).map { abs($0 - $1) }.max() ?? 0
    #expect(error <= 1e-5 * range, "largest difference \(error) of a range of \(range)")
  }
}
