import DecantIR
import DecantOps
import DecantRuntime
import Testing

/// Derivatives of every operator that has a rule, beside central differences in double.
@Suite struct GradientTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let op: String
    let operands: [Tensor]
    var attributes: Attributes = [:]
    /// How many of the first operands derivatives are asked for.
    var asked = 1
    /// Operands before those, of which none are asked for.
    var skipped = 0
    var testDescription: String { "\(op) of \(operands.map { "\($0.shape)" }.joined(separator: ", "))" }
  }

  /// Positive numbers that do not repeat; some of them negative where `sign` is.
  private static func numbers(_ shape: Int..., sign: Double = 1) -> Tensor {
    let count = shape.reduce(1, *)
    let numbers = (0..<count).map { (index: Int) -> Double in
      let size = Double((index * 7 + 3) % 11) / 4 + 0.3
      return index % 3 == 1 ? sign * size : size
    }
    return Tensor(numbers, shape: shape)
  }

  private static let x = numbers(2, 3, sign: -1)
  private static let axes = Tensor([Int64(1)])

  static let unary: [Case] = [
    "Abs", "Cos", "Erf", "Exp", "Identity", "Neg", "Relu", "Sigmoid", "Sin", "Softplus", "Tanh",
  ].map { Case(op: $0, operands: [x]) }

  static let ofPositive: [Case] = ["Log", "Reciprocal", "Sqrt"].map { Case(op: $0, operands: [numbers(2, 3)]) }

  static let ofTwo: [Case] = ["Add", "Div", "Mul", "Pow", "Sub", "Sum"].flatMap { (op: String) -> [Case] in
    [
      Case(op: op, operands: [numbers(2, 3), numbers(2, 3)], asked: 2),
      Case(op: op, operands: [numbers(2, 1, 3), numbers(4, 1)], asked: 2),
    ]
  }

  static let others = [
    Case(op: "Cast", operands: [x], attributes: ["to": .int(Int64(DataType.float64.rawValue))]),
    Case(
      op: "Where", operands: [Tensor([Boolean(true), Boolean(false), Boolean(true)], shape: [3]), x, numbers(3)],
      asked: 2, skipped: 1),
  ]

  static let products = [
    Case(op: "MatMul", operands: [x, numbers(3, 4)], asked: 2),
    Case(op: "MatMul", operands: [numbers(2, 2, 3), numbers(1, 3, 2)], asked: 2),
    Case(op: "MatMul", operands: [numbers(3), numbers(2, 3, 2)], asked: 2),
    Case(op: "MatMul", operands: [numbers(2, 2, 3), numbers(3)], asked: 2),
    Case(
      op: "Gemm", operands: [numbers(2, 3), numbers(3, 4), numbers(4)],
      attributes: ["alpha": .float(0.5), "beta": .float(2)], asked: 3),
    Case(
      op: "Gemm", operands: [numbers(3, 2), numbers(4, 3)], attributes: ["transA": .int(1), "transB": .int(1)], asked: 2
    ),
    Case(op: "Gemm", operands: [numbers(3, 2), numbers(3, 4)], attributes: ["transA": .int(1)], asked: 2),
    Case(op: "Softmax", operands: [x]), Case(op: "LogSoftmax", operands: [x], attributes: ["axis": .int(0)]),
  ]

  static let layouts = [
    Case(op: "Expand", operands: [numbers(2, 1), Tensor([2, 2, 3] as [Int64])]),
    Case(op: "Flatten", operands: [numbers(2, 3, 2)]),
    Case(op: "ReduceMean", operands: [x, axes], attributes: ["keepdims": .int(0)]),
    Case(op: "ReduceMean", operands: [x], attributes: ["keepdims": .int(0)]),
    Case(op: "ReduceSum", operands: [x, axes]),
    Case(op: "ReduceSum", operands: [numbers(2, 3, 2), axes], attributes: ["keepdims": .int(0)]),
    Case(op: "Reshape", operands: [x, Tensor([3, 2] as [Int64])]),
    Case(op: "Squeeze", operands: [numbers(2, 1, 3), axes]),
    Case(op: "Transpose", operands: [numbers(2, 3, 4)], attributes: ["perm": .ints([1, 2, 0])]),
    Case(op: "Unsqueeze", operands: [x, axes]),
  ]

  @Test(arguments: unary + ofPositive + ofTwo + others + products + layouts) func agreesWithDifferences(_ test: Case)
    throws
  {
    // The result squared, so that the derivative by the result is not the same everywhere.
    let graph = Graph.build { rewriter in
      let inputs = test.operands.enumerated().map { index, tensor in
        tensor.dataType == .int64
          ? rewriter.addInitializer("x\(index)", tensor) : rewriter.addInput("x\(index)", tensor.type)
      }
      let y = rewriter.add(OpName(test.op), inputs, test.attributes, name: "y")
      let loss = rewriter.add("Mul", [y, y], name: "loss")
      rewriter.addOutput("sum", rewriter.add("ReduceSum", [loss], ["keepdims": .int(0)], name: "sum"))
    }
    let names = (test.skipped..<test.skipped + test.asked).map { "x\($0)" }
    let given = test.operands.enumerated().filter { $0.element.dataType != .int64 }
    let feeds = Dictionary(uniqueKeysWithValues: given.map { ("x\($0.offset)", $0.element) })
    let derived = try run(try withGradient(graph, xs: names, y: "loss"), feeds)
    for name in names {
      let tensor = try #require(feeds[name])
      let wanted = try differences(graph, feeds, name)
      let got = try #require(derived["d_\(name)"])
      #expect(got.shape == tensor.shape)
      for (a, b) in zip(try #require(got.array(of: Double.self)), wanted) {
        #expect(abs(a - b) <= 1e-6 * max(1, abs(b)), "\(name): \(a) instead of \(b)")
      }
    }
  }

  /// `graph` with a `Gradient` of `y` at its end, written out.
  private func withGradient(
    _ graph: Graph, xs: [String], y: String, at values: [String]? = nil, prefix: String = "d_"
  ) throws -> Graph {
    var graph = graph
    try graph.edit { rewriter in
      let operands = (values ?? xs).map { rewriter.graph.value(named: $0) }
      let node = rewriter.addNode(
        Gradients.op, operands, ["xs": .strings(xs.map { ByteString($0) }), "y": .string(ByteString(y))],
        resultNames: xs.map { prefix + $0 })
      for (name, result) in zip(xs, rewriter.graph[node].results) {
        if let result { rewriter.addOutput(prefix + name, result) }
      }
      try inferTypes(&rewriter)
      try Gradients.expand(node, &rewriter)
    }
    #expect(!graph.order.contains { graph[$0].op == Gradients.op })
    return graph
  }

  private func differences(_ graph: Graph, _ feeds: [String: Tensor], _ name: String) throws -> [Double] {
    let tensor = try #require(feeds[name])
    let values = try #require(tensor.array(of: Double.self))
    let step = 1e-5
    return try values.indices.map { index in
      let sums = try [step, -step].map { change in
        var moved = values
        moved[index] += change
        var feeds = feeds
        feeds[name] = Tensor(moved, shape: tensor.shape)
        return try #require(try run(graph, feeds)["sum"]?.array(of: Double.self)?.first)
      }
      return (sums[0] - sums[1]) / (2 * step)
    }
  }

  private func run(_ graph: Graph, _ feeds: [String: Tensor]) throws -> [String: Tensor] {
    let result = try Executor(Model(graph: graph), backends: [ReferenceBackend(StandardOps())]).run(feeds)
    return Dictionary(
      uniqueKeysWithValues: result.outputs.compactMap { output in output.value.tensor.map { (output.name, $0) } })
  }

  /// `y = a² · b`, in two nodes.
  private static let cubic = Graph.build { rewriter in
    let (a, b) = (rewriter.addInput("a", .tensor(.float64, [])), rewriter.addInput("b", .tensor(.float64, [])))
    let square = rewriter.add("Mul", [a, a], name: "square")
    rewriter.addOutput("y", rewriter.add("Mul", [square, b], name: "y"))
  }

  @Test func ofDerivatives() throws {
    let once = try withGradient(Self.cubic, xs: ["a", "b"], y: "y")
    let twice = try withGradient(once, xs: ["a"], y: "d_a", prefix: "dd_")
    let result = try run(twice, ["a": Tensor(scalar: 3.0), "b": Tensor(scalar: 5.0)])
    #expect(result["d_b"] == Tensor(scalar: 9.0))
    #expect(result["d_a"] == Tensor(scalar: 30.0))
    #expect(result["dd_a"] == Tensor(scalar: 10.0))
  }

  /// The graph's own values are one place; a `Gradient` may ask for another.
  @Test func atOtherValues() throws {
    let graph = try withGradient(Self.cubic, xs: ["a", "b"], y: "y", at: ["b", "b"])
    let result = try run(graph, ["a": Tensor(scalar: 3.0), "b": Tensor(scalar: 5.0)])
    #expect(result["d_a"] == Tensor(scalar: 50.0))
    #expect(result["d_b"] == Tensor(scalar: 25.0))
    #expect(result["y"] == Tensor(scalar: 45.0))
  }

  @Test func byWhatDoesNotMatter() throws {
    let graph = Graph.build { rewriter in
      let a = rewriter.addInput("a", .tensor(.float64, [2]))
      _ = rewriter.addInput("b", .tensor(.float64, [2]))
      rewriter.addOutput("y", rewriter.add("Neg", [a], name: "y"))
    }
    let feeds = ["a": Tensor([1.0, 2]), "b": Tensor([3.0, 4])]
    let result = try run(try withGradient(graph, xs: ["a", "b"], y: "y"), feeds)
    #expect(result["d_a"] == Tensor([-1.0, -1]))
    #expect(result["d_b"] == Tensor([0.0, 0]))
  }

  /// What compares or counts changes with nothing, and does not stand in the way.
  @Test func pastComparisons() throws {
    let graph = Graph.build { rewriter in
      let a = rewriter.addInput("a", .tensor(.float64, [2]))
      let zero = rewriter.addInitializer("zero", Tensor(scalar: 0.0))
      let isAbove = rewriter.add("Greater", [a, zero], name: "above")
      let square = rewriter.add("Mul", [a, a], name: "square")
      rewriter.addOutput("y", rewriter.add("Where", [isAbove, square, zero], name: "y"))
    }
    let result = try run(try withGradient(graph, xs: ["a"], y: "y"), ["a": Tensor([3.0, -4])])
    #expect(result["d_a"]?.array(of: Double.self) == [6, 0])
  }

  @Test(arguments: [
    ("Floor", "y", "'Floor' has no derivative"), ("Neg", "z", "there is no value 'z'"),
  ])
  func refusals(_ op: String, _ y: String, _ says: String) throws {
    var graph = Graph.build { rewriter in
      let a = rewriter.addInput("a", .tensor(.float64, [2]))
      rewriter.addOutput("y", rewriter.add(OpName(op), [a], name: "y", type: .tensor(.float64, [2])))
    }
    let before = graph
    let error = #expect(throws: OpError.self) {
      try graph.edit { (rewriter) throws(OpError) in
        let node = rewriter.addNode(
          Gradients.op, [rewriter.graph.value(named: "a")],
          ["xs": .strings([ByteString("a")]), "y": .string(ByteString(y))], resultNames: ["d"])
        defer { rewriter.erase(node) }
        try Gradients.expand(node, &rewriter)
      }
    }
    #expect(error?.message == says)
    #expect(graph == before)
  }
}
