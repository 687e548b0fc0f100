import DecantIR
import DecantOps
import Testing

/// Operators on sequences and optionals: what they give, what they infer, what they refuse.
@Suite struct SequenceTests {
  static let one = RuntimeValue.tensor(Tensor([1, 2] as [Float]))
  static let two = RuntimeValue.tensor(Tensor([3, 4] as [Float]))
  static let wide = RuntimeValue.tensor(Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]))

  static func number(_ value: Int64) -> RuntimeValue { .tensor(Tensor(scalar: value)) }

  private func run(
    _ op: OpName, _ operands: [RuntimeValue?], _ attributes: Attributes = [:], results: Int = 1
  ) throws -> [RuntimeValue] {
    let definition = try #require(StandardOps().definition(of: op))
    let types = try definition.infer(
      InferenceContext(op: op, attributes: attributes, types: operands.map { $0?.type }, resultCount: results))
    let kernel = try #require(definition.evaluateValues)
    let got = try kernel(ValueContext(op: op, attributes: attributes, operands: operands))
    for (type, value) in zip(types, got) { #expect(type.merged(with: value.type) != nil, "inferred \(type)") }
    return got
  }

  struct Case: Sendable {
    let op: OpName
    let operands: [RuntimeValue?]
    var attributes: Attributes = [:]
    let wanted: RuntimeValue
  }

  static let cases = [
    Case(op: "SequenceConstruct", operands: [one, two], wanted: .sequence([one, two])),
    Case(op: "SequenceEmpty", operands: [], wanted: .sequence([])),
    Case(op: "SequenceAt", operands: [.sequence([one, two]), number(-1)], wanted: two),
    Case(op: "SequenceLength", operands: [.sequence([one, two])], wanted: number(2)),
    Case(op: "SequenceInsert", operands: [.sequence([one]), two], wanted: .sequence([one, two])),
    Case(op: "SequenceInsert", operands: [.sequence([one]), two, number(-1)], wanted: .sequence([two, one])),
    Case(op: "SequenceErase", operands: [.sequence([one, two])], wanted: .sequence([one])),
    Case(op: "SequenceErase", operands: [.sequence([one, two]), number(0)], wanted: .sequence([two])),
    Case(
      op: "ConcatFromSequence", operands: [.sequence([one, two])], attributes: ["axis": .int(0)],
      wanted: .tensor(Tensor([1, 2, 3, 4] as [Float]))),
    Case(
      op: "ConcatFromSequence", operands: [.sequence([one, two])], attributes: ["axis": .int(-1), "new_axis": .int(1)],
      wanted: .tensor(Tensor([1, 3, 2, 4] as [Float], shape: [2, 2]))),
    Case(
      op: "SplitToSequence", operands: [wide, number(2)], attributes: ["axis": .int(1)],
      wanted: .sequence([
        .tensor(Tensor([1, 2, 4, 5] as [Float], shape: [2, 2])), .tensor(Tensor([3, 6] as [Float], shape: [2, 1])),
      ])),
    Case(
      op: "SplitToSequence", operands: [wide], attributes: ["keepdims": .int(0)],
      wanted: .sequence([.tensor(Tensor([1, 2, 3] as [Float])), .tensor(Tensor([4, 5, 6] as [Float]))])),
    Case(op: "Optional", operands: [one], wanted: .optional(one)),
    Case(op: "Optional", operands: [], attributes: ["type": .type(.tensor(.float32, nil))], wanted: .optional(nil)),
    Case(op: "OptionalGetElement", operands: [.optional(two)], wanted: two),
    Case(op: "OptionalGetElement", operands: [two], wanted: two),
    Case(op: "OptionalHasElement", operands: [.optional(nil)], wanted: .tensor(Tensor(scalar: Boolean(false)))),
    Case(op: "OptionalHasElement", operands: [one], wanted: .tensor(Tensor(scalar: Boolean(true)))),
    Case(op: "Identity", operands: [.sequence([one])], wanted: .sequence([one])),
  ]

  @Test(arguments: cases) func gives(_ test: Case) throws {
    #expect(try run(test.op, test.operands, test.attributes) == [test.wanted])
  }

  static let refused: [(OpName, [RuntimeValue?], String)] = [
    ("SequenceAt", [.sequence([one]), number(1)], "expected in -1...0, got 1"),
    ("SequenceAt", [.sequence([]), number(0)], "got 0"),
    ("SequenceAt", [.sequence([one]), number(.min)], "got"),
    ("SequenceErase", [.sequence([])], "an empty one"),
    ("SequenceInsert", [.sequence([one]), number(1)], "elements of one type"),
    ("SequenceInsert", [.sequence([one]), two, number(2)], "expected in -1...1, got 2"),
    ("SequenceLength", [one], "expected a sequence"),
    ("SplitToSequence", [wide, number(0)], "above 0"),
    ("SplitToSequence", [wide, .tensor(Tensor([1, 2] as [Int64]))], "'split'"),
    ("ConcatFromSequence", [.sequence([])], "an empty one"),
    ("OptionalGetElement", [.optional(nil)], "one without"),
  ]

  @Test(arguments: refused) func refuses(_ op: OpName, _ operands: [RuntimeValue?], _ says: String) throws {
    let error = #expect(throws: OpError.self) {
      try run(op, operands, op == "ConcatFromSequence" ? ["axis": .int(0)] : [:])
    }
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
  }

  /// The body adds its tensor to each element.
  @Test func maps() throws {
    let body = try TextForm.parseGraph(
      """
      graph @body(%a: f32[2], %b: f32[2]) -> (%c) {
        %c = Add(%a, %b)
        return %c
      }
      """)
    let kernel = try #require(StandardOps().definition(of: "SequenceMap")?.evaluateValues)
    let add: @Sendable (Graph, [RuntimeValue]) throws(OpError) -> [RuntimeValue] = { _, inputs in
      let sums = zip(inputs[0].tensor?.floats ?? [], inputs[1].tensor?.floats ?? []).map { $0 + $1 }
      return [.tensor(Tensor(sums))]
    }
    let got = try kernel(
      ValueContext(
        op: "SequenceMap", attributes: ["body": .graph(body)], operands: [.sequence([Self.one, Self.two]), Self.one],
        runSubgraph: add))
    #expect(
      got == [.sequence([.tensor(Tensor([2, 4] as [Float])), .tensor(Tensor([4, 6] as [Float]))])])
  }
}
