import DecantEngine
import DecantIR
import DecantOneDNN
import DecantOps
import DecantRuntime
import Testing

/// A node on codes whose results are the same to the bit on every backend and for any number of threads.
struct CodeCase: Sendable, CustomTestStringConvertible {
  let op: OpName
  let attributes: Attributes
  let operands: [Tensor?]
  /// The operands that each run is given; the others are constants.
  let given: Set<Int>

  init(_ op: OpName, _ operands: [Tensor?], given: Set<Int> = [0], _ attributes: Attributes = [:]) {
    self.op = op
    self.attributes = attributes
    self.operands = operands
    self.given = given
  }

  var testDescription: String {
    "\(op)\(operands.map { $0.map { "\($0.dataType)\($0.shape)" } ?? "-" }) \(attributes.map { "\($0.name): \($0.value)" })"
  }

  private var graph: Graph {
    Graph.build { rewriter in
      var values: [ValueID?] = []
      for (index, operand) in operands.enumerated() {
        guard let operand else {
          values.append(nil)
          continue
        }
        values.append(
          given.contains(index)
            ? rewriter.addInput("x\(index)", operand.type) : rewriter.addInitializer("w\(index)", operand))
      }
      let count = op == "DynamicQuantizeLinear" ? 3 : 1
      let node = rewriter.addNode(
        op, values, attributes, name: "node", resultNames: (0..<count).map { "r\($0)" })
      for (index, result) in rewriter.graph[node].results.enumerated() {
        if let result { rewriter.addOutput("y\(index)", result) }
      }
    }
  }

  private func run(_ backends: [any Backend], threads: Int) throws -> [Tensor] {
    let executor = try Executor(Model(graph: graph), backends: backends, options: Executor.Options(threads: threads))
    var inputs: [String: Tensor] = [:]
    for (index, operand) in operands.enumerated() where given.contains(index) { inputs["x\(index)"] = operand }
    return try executor.run(inputs).outputs.map { try $0.tensor }
  }

  /// Computes it by `backend` alone, with one thread and two, and by the definition.
  func check(_ backend: any Backend = NativeBackend()) throws {
    let expected = try run([ReferenceBackend(StandardOps())], threads: 1)
    for threads in 1...2 {
      let got = try run([backend], threads: threads)
      #expect(got == expected, "\(threads) threads: \(CodeCase.difference(got, expected))")
    }
  }

  private static func difference(_ got: [Tensor], _ expected: [Tensor]) -> String {
    for (a, b) in zip(got, expected) where a != b {
      guard a.dataType == b.dataType, a.shape == b.shape, let x = a.floats, let y = b.floats else {
        return "\(a.dataType)\(a.shape) for \(b.dataType)\(b.shape)"
      }
      let places = zip(x, y).enumerated().filter { $1.0 != $1.1 }
      guard let first = places.first else { return "bits of NaN" }
      return "\(places.count) of \(x.count) differ, the first at \(first.offset): \(first.element)"
    }
    return "the number of results"
  }

  // MARK: Numbers

  /// Numbers that repeat late, the same every time.
  static func random(_ count: Int, _ seed: UInt32) -> [UInt32] {
    var state = seed &* 747_796_405 &+ 1
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return state >> 8
    }
  }

  /// Codes over the whole range of i8 or u8.
  static func codes(_ type: DataType, _ shape: [Int], seed: UInt32 = 1) -> Tensor {
    let bytes = random(shape.reduce(1, *), seed).map { UInt8(truncatingIfNeeded: $0 >> 5) }
    return Tensor(bytes, shape: shape).reinterpreted(as: type)
  }

  /// One code.
  static func code(_ type: DataType, _ value: Int) -> Tensor {
    type == .int8 ? Tensor(scalar: Int8(value)) : Tensor(scalar: UInt8(value))
  }

  /// Floats between -1 and 1, times `factor`.
  static func floats(_ shape: [Int], seed: UInt32 = 1, times factor: Float = 1) -> Tensor {
    Tensor(random(shape.reduce(1, *), seed).map { (Float($0) / Float(1 << 23) - 1) * factor }, shape: shape)
  }

  /// Scales from 0.001 up to twice that.
  static func scales(_ count: Int, seed: UInt32 = 1) -> Tensor {
    Tensor(random(count, seed).map { 0.001 + Float($0) / Float(1 << 24) * 0.001 })
  }
}
