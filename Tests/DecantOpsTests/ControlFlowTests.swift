import DecantIR
import Testing

@testable import DecantOps

@Suite struct ControlFlowTests {
  private let body = """
    graph @body(%i: i64[], %c: bool[], %sum: f32[]) -> (%goesOn, %next, %row) {
      %limit: f32[] = initializer [4.0]
      %one: f32[] = initializer [1.0]
      %next = Add(%sum, %one)
      %goesOn = Less(%next, %limit)
      %row = Mul(%next, %next)
      return %goesOn, %next, %row
    }
    """

  @Test func loopsStopAtTheConditionOrTheCount() throws {
    let start = Tensor(scalar: Float(0))
    let free = try run("Loop", [nil, nil, start], ["body": .graph(try TextForm.parseGraph(body))])
    #expect(free == [Tensor(scalar: Float(4)), Tensor([1, 4, 9, 16] as [Float])])
    let counted = try run(
      "Loop", [Tensor(scalar: Int64(2)), nil, start], ["body": .graph(try TextForm.parseGraph(body))])
    #expect(counted == [Tensor(scalar: Float(2)), Tensor([1, 4] as [Float])])
  }

  @Test func aLoopThatNeverRunsStacksNothing() throws {
    var graph = try TextForm.parseGraph(body)
    try graph.edit { rewriter in
      var inference = TypeInference()
      try inference.inferAll(&rewriter)
    }
    let no = Tensor(scalar: Boolean(false))
    let results = try run("Loop", [nil, no, Tensor(scalar: Float(7))], ["body": .graph(graph)])
    #expect(results == [Tensor(scalar: Float(7)), Tensor([] as [Float])])
  }

  @Test func scansCutAndStackAlongAnyAxis() throws {
    let body = """
      graph @body(%sum: f32[2], %x: f32[2]) -> (%next, %row) {
        %next = Add(%sum, %x)
        %row = Add(%next, %x)
        return %next, %row
      }
      """
    let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    let zero = Tensor([0, 0] as [Float])
    let attributes: Attributes = [
      "body": .graph(try TextForm.parseGraph(body)), "num_scan_inputs": .int(1), "scan_input_axes": .ints([1]),
      "scan_input_directions": .ints([1]), "scan_output_axes": .ints([-1]), "scan_output_directions": .ints([1]),
    ]
    let results = try run("Scan", [zero, x], attributes)
    #expect(results[0] == Tensor([6, 15] as [Float]))
    #expect(results[1] == Tensor([7, 7, 6, 19, 16, 12] as [Float], shape: [2, 3]))
  }

  @Test func branchesRunOneSide() throws {
    let attributes = try branches(then: "f32[2]", else: "f32[2]")
    #expect(try run("If", [Tensor(scalar: Boolean(true))], attributes) == [Tensor([1, 1] as [Float])])
    #expect(try run("If", [Tensor(scalar: Boolean(false))], attributes) == [Tensor([0, 0] as [Float])])
  }

  private func branches(then one: String, else other: String) throws -> Attributes {
    func graph(_ type: String, _ value: String) throws -> Graph {
      let elements = type.hasSuffix("[3]") ? "[\(value), \(value), \(value)]" : "[\(value), \(value)]"
      let text = """
        graph @branch() -> (%y) {
          %x: \(type) = initializer \(elements)
          %y = Identity(%x)
          return %y
        }
        """
      return try TextForm.parseGraph(text)
    }
    return ["then_branch": .graph(try graph(one, "1.0")), "else_branch": .graph(try graph(other, "0.0"))]
  }

  @Test func branchesAgreeOnWhatTheyShare() throws {
    #expect(
      try inferred("If", [.tensor(.bool, [])], try branches(then: "f32[2]", else: "f32[2]")) == [.tensor(.float32, [2])]
    )
    #expect(
      try inferred("If", [.tensor(.bool, [])], try branches(then: "f32[2]", else: "f32[3]"))
        == [.tensor(.float32, [.open("y0", "0")])])
  }

  @Test func carriedTypesSettle() throws {
    let growing = """
      graph @body(%i: i64[], %c: bool[], %list) -> (%c, %longer, %i) {
        %more: f32[1] = initializer [0.0]
        %longer = Concat(%list, %more) {axis: 0}
        return %c, %longer, %i
      }
      """
    let types = try inferred(
      "Loop", [nil, nil, .tensor(.float32, [2])], ["body": .graph(try TextForm.parseGraph(growing))])
    #expect(types == [.tensor(.float32, [.open("y0", "0")]), .tensor(.int64, [.open("y0", "trips")])])
  }

  private func inferred(_ op: OpName, _ types: [ValueType?], _ attributes: Attributes) throws -> [ValueType] {
    var graph = Graph.build { rewriter in
      var operands: [ValueID?] = []
      for (index, type) in types.enumerated() { operands.append(type.map { rewriter.addInput("x\(index)", $0) }) }
      let outputs = op == "If" ? 1 : 2
      rewriter.addNode(op, operands, attributes, resultNames: (0..<outputs).map { "y\($0)" })
    }
    try graph.edit { rewriter in
      var inference = TypeInference()
      try inference.inferAll(&rewriter)
    }
    let node = try #require(graph.order.first { _ in true })
    return graph[node].results.compactMap { $0.map { graph[$0].type } }
  }

  private func run(_ op: OpName, _ operands: [Tensor?], _ attributes: Attributes) throws -> [Tensor] {
    let kernel = try #require(StandardOps().definition(of: op)?.evaluateValues)
    let values = operands.map { $0.map { RuntimeValue.tensor($0) } }
    let results = try kernel(
      ValueContext(op: op, attributes: attributes, operands: values, runSubgraph: ControlFlowTests.interpret))
    return results.compactMap(\.tensor)
  }

  /// Runs a graph node by node.
  @Sendable private static func interpret(_ graph: Graph, _ inputs: [RuntimeValue]) throws(OpError) -> [RuntimeValue] {
    var values: [ValueID: Tensor] = [:]
    for (id, input) in zip(graph.inputs, inputs) { values[id] = input.tensor }
    func value(_ id: ValueID) -> Tensor? { values[id] ?? graph[id].constant }
    for node in graph.order {
      let (op, operands) = (graph[node].op, graph[node].operands.map { $0.flatMap(value) })
      guard let kernel = StandardOps().definition(of: op)?.evaluate else { throw OpError("no kernel for \(op)") }
      let results = try kernel(EvaluationContext(op: op, attributes: graph[node].attributes, operands: operands))
      for (id, tensor) in zip(graph[node].results, results) {
        if let id { values[id] = tensor }
      }
    }
    return graph.outputs.compactMap { value($0.value).map { .tensor($0) } }
  }
}
