import DecantIR
import DecantOps
import Testing

@Suite struct TypeInferenceTests {
  /// The types of all values after inference, as the text form spells them.
  private func types(
    _ text: String, inputShapes: [String: Shape] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> (graph: Graph, types: [String: String]) {
    var graph = try TextForm.parseGraph("graph @g" + text)
    _ = try graph.edit { (rewriter) throws(OpError) in try inferTypes(&rewriter, inputShapes: inputShapes) }
    #expect(Verifier.problem(in: graph) == nil, sourceLocation: sourceLocation)
    let pairs = graph.allValues.map { (graph[$0].name, graph[$0].type.description) }
    return (graph, Dictionary(uniqueKeysWithValues: pairs))
  }

  @Test func shapeArithmeticKeepsSymbols() throws {
    let (_, types) = try types(
      """
      (%x: f32[N,S,384]) -> (%y: ?) {
        %zero: i64[] = initializer [0]
        %one: i64[] = initializer [1]
        %axes: i64[1] = initializer [0]
        %rest: i64[2] = initializer [12, 32]
        %s: ? = Shape(%x)
        %n: ? = Gather(%s, %zero)
        %t: ? = Gather(%s, %one)
        %a: ? = Unsqueeze(%n, %axes)
        %b: ? = Unsqueeze(%t, %axes)
        %shape: ? = Concat(%a, %b, %rest) {axis: 0}
        %heads: ? = Reshape(%x, %shape)
        %y: ? = Transpose(%heads) {perm: [0,2,1,3]}
        return %y
      }
      """)
    #expect(types["heads"] == "f32[N,S,12,32]")
    #expect(types["y"] == "f32[N,12,S,32]")
  }

  @Test func constantsAreComputedOnTheWay() throws {
    // The pads of an exported reflection: their two halves are swapped through a matrix.
    let (_, types) = try types(
      """
      (%x: f32[N,S]) -> (%y: ?) {
        %pads: i64[4] = initializer [0, 64, 0, 32]
        %two: i64[2] = initializer [-1, 2]
        %flat: i64[1] = initializer [-1]
        %m: ? = Reshape(%pads, %two)
        %t: ? = Transpose(%m) {perm: [1,0]}
        %v: ? = Reshape(%t, %flat)
        %y: ? = Pad(%x, %v) {mode: "reflect"}
        return %y
      }
      """)
    #expect(types["y"] == "f32[N+64,S+32]")
  }

  @Test func minusOneDividesSymbols() throws {
    let (_, types) = try types(
      """
      (%x: f32[N,S,384]) -> (%y: ?) {
        %shape: i64[2] = initializer [-1, 384]
        %y: ? = Reshape(%x, %shape)
        return %y
      }
      """)
    #expect(types["y"] == "f32[N*S,384]")
  }

  @Test func expandByAMaskOfShapes() throws {
    let (_, types) = try types(
      """
      (%x: f32[1,S]) -> (%y: ?) {
        %s: ? = Shape(%x)
        %open: i64[] = initializer [-1]
        %one: i64[] = initializer [1]
        %b: ? = Equal(%s, %open)
        %t: ? = Where(%b, %one, %s)
        %y: ? = Expand(%x, %t)
        return %y
      }
      """)
    #expect(types["y"] == "f32[1,S]")
  }

  @Test func twoSymbolsDoNotBroadcast() throws {
    let (_, types) = try types(
      """
      (%x: f32[N,4], %y: f32[M,1]) -> (%z: ?) {
        %z: ? = Add(%x, %y)
        return %z
      }
      """)
    #expect(types["z"] == "f32[%z.0,4]")
  }

  @Test func newInputShapesReplaceOldTypes() throws {
    let text = """
      (%x: f32[1,4]) -> (%z: f32[1,4]) {
        %y: f32[1,4] = Relu(%x)
        %z: f32[1,4] = Exp(%y)
        return %z
      }
      """
    let (_, types) = try types(text, inputShapes: ["x": [3, 4]])
    #expect(types["z"] == "f32[3,4]")
    #expect(throws: OpError("the input 'x' is declared f32[1,4], got [3]")) {
      try self.types(text, inputShapes: ["x": [3]])
    }
    #expect(throws: OpError("expected the name of an input (x), got 'q'")) {
      try self.types(text, inputShapes: ["q": [3]])
    }
  }

  @Test func wrongDeclaredShapesAreReported() throws {
    var graph = try TextForm.parseGraph(
      """
      graph @g(%x: f32[2]) -> (%y: f32[2]) {
        %y: f32[3] = Relu(%x)
        return %y
      }
      """)
    let inference = try graph.edit { (rewriter) throws(OpError) in try inferTypes(&rewriter) }
    #expect(inference.conflicts.map(\.description) == ["'y': declared f32[3], inferred f32[2]"])
  }

  @Test func errorsNameTheNode() throws {
    var graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [2]))
      let y = rewriter.addInput("y", .tensor(.float32, [3]))
      rewriter.addNode("Add", [x, y], name: "sum", resultNames: ["z"])
    }
    #expect(throws: OpError("node 'sum' (Add): expected shapes that broadcast, got [2], [3]")) {
      try graph.edit { (rewriter) throws(OpError) in _ = try inferTypes(&rewriter) }
    }
  }

  @Test func functionsAreEntered() throws {
    let body = Graph.build { rewriter in
      let x = rewriter.addInput("x", .unknown)
      let y = rewriter.add(
        "Transpose", [x], ["perm": .reference(name: "order", kind: .ints)], name: "y")
      rewriter.addOutput("y", y)
    }
    let function = Function(name: OpName("Turn", domain: "mine"), graph: body, attributes: ["order"])
    var graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [.symbol("N"), 3]))
      let y = rewriter.add(OpName("Turn", domain: "mine"), [x], ["order": .ints([1, 0])], name: "z")
      rewriter.addOutput("z", y)
    }
    try graph.edit { (rewriter) throws(OpError) in _ = try inferTypes(&rewriter, functions: [function]) }
    #expect(graph[graph.outputs[0].value].type == .tensor(.float32, [3, .symbol("N")]))
  }

  @Test func typesInsideSubgraphsAreStored() throws {
    let branch = Graph.build { rewriter in
      let x = rewriter.addInput("x", .unknown)
      rewriter.addOutput("r", rewriter.add("Relu", [x], name: "r"))
    }
    var graph = Graph.build { rewriter in
      let c = rewriter.addInput("c", .tensor(.bool, []))
      let x = rewriter.addInput("x", .tensor(.float32, [.symbol("N")]))
      let node = rewriter.addNode(
        "If", [c, x], ["then_branch": .graph(branch), "else_branch": .graph(branch)], name: "if", resultNames: ["y"],
        captureCount: 1)
      if let y = rewriter.graph[node].results[0] { rewriter.addOutput("y", y) }
    }
    try graph.edit { (rewriter) throws(OpError) in _ = try inferTypes(&rewriter) }
    let node = try #require(graph.firstNode)
    let inner = try #require(graph[node].attributes.graph("else_branch"))
    let result = try #require(inner.value(named: "r"))
    #expect(inner[result].type == .tensor(.float32, [.symbol("N")]))
    #expect(graph[graph.outputs[0].value].type == .tensor(.float32, [.symbol("N")]))
  }

  // MARK: Extents that a run decides

  @Test func openExtentsAreFollowed() throws {
    let (_, types) = try types(
      """
      (%x: f32[N,8], %k: i64[1]) -> (%w: ?) {
        %values, %places = TopK(%x, %k)
        %y: ? = Relu(%values)
        %z: ? = Mul(%y, %values)
        %w: ? = Concat(%z, %y) {axis: 1}
        return %w
      }
      """)
    #expect(types["places"] == "i64[N,%values.k]")
    #expect(types["z"] == "f32[N,%values.k]")
    #expect(types["w"] == "f32[N,2*%values.k]")
  }

  @Test func declaredSymbolsAreWorthMoreThanOpenExtents() throws {
    let (_, types) = try types(
      """
      (%x: f32[8], %k: i64[1]) -> (%z: ?) {
        %values, %places = TopK(%x, %k)
        %y: f32[M] = Relu(%values)
        %z: ? = Exp(%y)
        return %z
      }
      """)
    #expect(types["values"] == "f32[%values.k]")
    #expect(types["z"] == "f32[M]")
  }

  @Test func openExtentsEndWithTheirInference() throws {
    // The name was another value's when the type was written.
    let (_, types) = try types(
      """
      (%x: f32[N,4], %y: f32[M,1]) -> (%z: ?) {
        %z: f32[%old.0,4] = Add(%x, %y)
        return %z
      }
      """)
    #expect(types["z"] == "f32[%z.0,4]")
  }

  @Test func openExtentsStayInsideTheirSubgraph() throws {
    let branch = Graph.build { rewriter in
      let x = rewriter.addInput("x", .unknown)
      rewriter.addOutput("r", rewriter.add("NonZero", [x], name: "r"))
    }
    var graph = Graph.build { rewriter in
      let c = rewriter.addInput("c", .tensor(.bool, []))
      let x = rewriter.addInput("x", .tensor(.float32, [.symbol("N")]))
      let node = rewriter.addNode(
        "If", [c, x], ["then_branch": .graph(branch), "else_branch": .graph(branch)], name: "if", resultNames: ["y"],
        captureCount: 1)
      if let y = rewriter.graph[node].results[0] { rewriter.addOutput("y", y) }
    }
    try graph.edit { (rewriter) throws(OpError) in _ = try inferTypes(&rewriter) }
    let node = try #require(graph.firstNode)
    let inner = try #require(graph[node].attributes.graph("then_branch"))
    #expect(inner[inner.outputs[0].value].type.description == "i64[1,%r.1$1]")
    #expect(graph[graph.outputs[0].value].type.description == "i64[1,%y.1]")
  }

  // MARK: Quotients that are rounded

  @Test func quotientsOfOneExtentAreEqual() throws {
    let (_, types) = try types(
      """
      (%x: f32[1,3,H,W], %w: f32[8,3,3,3], %v: f32[8,3,1,1]) -> (%z: ?) {
        %a: ? = Conv(%x, %w) {pads: [1,1,1,1], strides: [2,2]}
        %b: ? = Conv(%x, %v) {strides: [2,2]}
        %z: ? = Add(%a, %b)
        return %z
      }
      """)
    #expect(types["a"] == "f32[1,8,floor((H+1)/2),floor((W+1)/2)]")
    #expect(types["z"] == types["a"])
  }

  @Test func shapesAreDividedAndCutInSteps() throws {
    let (_, types) = try types(
      """
      (%x: f32[S]) -> (%z: ?) {
        %two: i64[] = initializer [2]
        %none: i64[1] = initializer [0]
        %all: i64[1] = initializer [9223372036854775807]
        %step: i64[1] = initializer [2]
        %s: ? = Shape(%x)
        %half: ? = Div(%s, %two)
        %odd: ? = Mod(%s, %two)
        %y: ? = ConstantOfShape(%half)
        %r: ? = ConstantOfShape(%odd)
        %z: ? = Slice(%x, %none, %all, %none, %step)
        return %z
      }
      """)
    #expect(types["y"] == "f32[floor(S/2)]")
    #expect(types["r"] == "f32[S-2*floor(S/2)]")
    #expect(types["z"] == "f32[floor((S+1)/2)]")
  }

  @Test func unevenPartsAreRounded() throws {
    let (_, types) = try types(
      """
      (%x: f32[N,D], %w: f32[M,C,K], %z: f32[N,C,L]) -> (%c: ?) {
        %heads: i64[3] = initializer [0, 4, -1]
        %y: ? = Reshape(%x, %heads)
        %a, %b = Split(%x) {axis: 1, num_outputs: 2}
        %c: ? = Conv(%z, %w) {pads: [1,1], dilations: [2]}
        return %c
      }
      """)
    #expect(types["y"] == "f32[N,4,floor(D/4)]")
    #expect(types["a"] == "f32[N,floor((D+1)/2)]")
    #expect(types["b"] == "f32[N,D-floor((D+1)/2)]")
    #expect(types["c"] == "f32[N,M,-2*K+L+4]")
  }

  @Test func shapesWithUnknownPartsKeepTheOthers() throws {
    let (_, types) = try types(
      """
      (%x: f32[N,1,8], %given: i64[1]) -> (%y: ?) {
        %s: ? = Shape(%x) {end: 1}
        %eight: i64[1] = initializer [8]
        %target: ? = Concat(%s, %given, %eight) {axis: 0}
        %y: ? = Expand(%x, %target)
        return %y
      }
      """)
    #expect(types["y"] == "f32[N,%y.1,8]")
  }

  @Test func functionsComputeShapes() throws {
    let body = Graph.build { rewriter in
      let x = rewriter.addInput("x", .unknown)
      rewriter.addOutput("s", rewriter.add("Shape", [x], name: "s"))
    }
    let function = Function(name: OpName("Extents", domain: "mine"), graph: body)
    var graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [.symbol("N"), 3]))
      let s = rewriter.add(OpName("Extents", domain: "mine"), [x], name: "s")
      rewriter.addOutput("z", rewriter.add("ConstantOfShape", [s], name: "z"))
    }
    try graph.edit { (rewriter) throws(OpError) in _ = try inferTypes(&rewriter, functions: [function]) }
    #expect(graph[graph.outputs[0].value].type == .tensor(.float32, [.symbol("N"), 3]))
  }

  @Test func statesOfAScanKeepTheirShape() throws {
    let body = try TextForm.parseGraph(
      """
      graph @body(%state, %x) -> (%next, %each) {
        %next = Add(%state, %x)
        return %next, %next
      }
      """)
    var graph = Graph.build { rewriter in
      let state = rewriter.addInput("state", .tensor(.float32, [.symbol("A")]))
      let x = rewriter.addInput("x", .tensor(.float32, [.symbol("T"), .symbol("B")]))
      let node = rewriter.addNode(
        "Scan", [state, x], ["body": .graph(body), "num_scan_inputs": .int(1)],
        resultNames: ["final", "all"])
      for result in rewriter.graph[node].results.compactMap({ $0 }) {
        rewriter.addOutput(rewriter.graph[result].name, result)
      }
    }
    try graph.edit { (rewriter) throws(OpError) in _ = try inferTypes(&rewriter) }
    #expect(graph.outputs.map { graph[$0.value].type.description } == ["f32[A]", "f32[T,%all.1]"])
  }

  @Test func aBodyMayReplaceAnOptional() throws {
    let body = try TextForm.parseGraph(
      """
      graph @body(%i: i64[], %c: bool[], %given) -> (%c, %some) {
        %x: f32[2] = initializer [1.0, 2.0]
        %some = SequenceConstruct(%x)
        return %c, %some
      }
      """)
    let sequence = ValueType.sequence(.tensor(.float32, nil))
    var graph = Graph.build { rewriter in
      let given = rewriter.addInput("given", .optional(sequence))
      let node = rewriter.addNode("Loop", [nil, nil, given], ["body": .graph(body)], resultNames: ["y"])
      if let y = rewriter.graph[node].results[0] { rewriter.addOutput("y", y) }
    }
    try graph.edit { (rewriter) throws(OpError) in _ = try inferTypes(&rewriter) }
    #expect(graph[graph.outputs[0].value].type == sequence)
  }

  @Test func ranksAndStatesComeFromWhereTheyAreKnown() throws {
    let open = ValueType.tensor(.int64, [.symbol("R")])
    #expect(
      try infer("Col2Im", [.tensor(.float32, [1, 10, 12]), open, open], ["pads": .ints([0, 1, 0, 1])])
        == [.tensor(.float32, [1, .unknown, .unknown, .unknown])])
    let (q, v) = (ValueType.tensor(.float32, [2, 1, .symbol("W")]), ValueType.tensor(.float32, [2, 1, 12]))
    let state = ValueType.tensor(.float32, [2, 4, .symbol("K"), 3])
    let types = try infer(
      "LinearAttention", [q, q, v, state], ["q_num_heads": .int(4), "kv_num_heads": .int(4)], results: 2)
    #expect(types == [.tensor(.float32, [2, 1, 12]), state])
  }
}
