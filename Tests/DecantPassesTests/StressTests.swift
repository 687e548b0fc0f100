import DecantIR
import DecantPasses
import Testing

/// The graph that graph optimizers are measured on: units of 48 nodes of which 5 have to stay.
@Suite struct StressTests {
  private static func graph(units: Int) -> Graph {
    Graph.build { rewriter in
      var x = rewriter.addInput("input", .tensor(.float32, [.symbol("N"), 8, 16]))
      for unit in 0..<units { x = add(unit, x, &rewriter) }
      rewriter.addOutput("output", rewriter.add("Identity", [x], name: "output"))
    }
  }

  private static func add(_ unit: Int, _ input: ValueID, _ rewriter: inout Rewriter) -> ValueID {
    func node(_ op: OpName, _ operands: [ValueID?], _ attributes: Attributes = [:]) -> ValueID {
      rewriter.add(op, operands, attributes, name: "u\(unit)")
    }
    func constant(_ tensor: Tensor) -> ValueID { node("Constant", [], ["value": .tensor(tensor)]) }
    func weights(_ phase: Float) -> Tensor {
      Tensor((0..<128).map { Float(($0 * 37 + unit * 11) % 101) / 50 - phase }, shape: [8, 16])
    }
    var x = input
    // A chain of constants.
    let a = constant(weights(1))
    let b = rewriter.addInitializer("b\(unit)", weights(0.5))
    let chain = node("Add", [node("Tanh", [node("Mul", [a, b])]), b])
    let turned = node("Transpose", [node("Transpose", [chain], ["perm": .ints([1, 0])])], ["perm": .ints([1, 0])])
    let scaled = node("Mul", [node("Sqrt", [node("Exp", [turned])]), constant(Tensor(scalar: Float(0.01)))])
    x = node("Add", [x, scaled])
    // Nothing done.
    let same = node("Cast", [node("Identity", [node("Identity", [x])])], ["to": .int(1)])
    let swap: Attributes = ["perm": .ints([0, 2, 1])]
    x = node("Transpose", [node("Transpose", [same], swap)], swap)
    // Arithmetic on shapes.
    let extents = (0..<3).map { node("Gather", [node("Shape", [x]), constant(Tensor(scalar: Int64($0)))]) }
    let product = node("Mul", [extents[1], extents[2]])
    let parts = [extents[0], product].map { node("Unsqueeze", [$0, constant(Tensor([Int64(0)]))]) }
    let target = node("Concat", parts, ["axis": .int(0)])
    let sigmoid = node("Sigmoid", [node("Reshape", [x, target])])
    x = node("Reshape", [sigmoid, constant(Tensor([Int64(-1), 8, 16]))])
    // The same twice.
    let halves = (0..<2).map { _ in node("Abs", [node("Neg", [x])]) }
    x = node("Sub", [node("Add", halves), x])
    // A dead branch.
    _ = node("Softmax", [node("Mul", [node("Relu", [x]), scaled])], ["axis": .int(-1)])
    // Neutral numbers.
    let product1 = node("Mul", [x, constant(Tensor(scalar: Float(1)))])
    return node("Add", [product1, constant(Tensor(scalar: Float(0)))])
  }

  private func optimize(units: Int) throws -> (nodes: Int, changes: Int, attempts: Int, seconds: Double) {
    var model = Model(graph: StressTests.graph(units: units))
    var results: [PassResult] = []
    let time = try ContinuousClock().measure {
      results = try Pipeline(parsing: "default").run(on: &model)
    }
    #expect(Verifier.problem(in: model.graph) == nil)
    let attempts = results.reduce(0) { $0 + $1.sortedSkips.reduce($1.changeCount) { $0 + $1.count } }
    let seconds = Double(time.components.attoseconds) * 1e-18 + Double(time.components.seconds)
    return (model.graph.nodeCount, results.reduce(0) { $0 + $1.changeCount }, attempts, seconds)
  }

  @Test func fiveNodesOfAUnitStay() throws {
    let result = try optimize(units: 20)
    #expect(result.nodes == 5 * 20, "\(result)")
  }

  @Test func workIsLinear() throws {
    let (small, large) = (try optimize(units: 40), try optimize(units: 160))
    #expect(large.nodes == 5 * 160)
    #expect(Double(large.changes) <= 4.4 * Double(small.changes))
    #expect(Double(large.attempts) <= 4.4 * Double(small.attempts))
  }
}
