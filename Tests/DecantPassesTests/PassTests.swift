import DecantBytes
import DecantIR
import DecantPasses
import Testing

@Suite struct PassTests {
  /// Runs passes by name on the graph that `body` spells; the graph after.
  private func run(
    _ passes: String, _ body: String, _ context: PassContext = PassContext()
  ) throws -> (graph: Graph, results: [PassResult]) {
    var model = Model(graph: try graph(body))
    let results = try Pipeline(parsing: passes).run(on: &model, context)
    #expect(Verifier.problem(in: model.graph) == nil)
    return (model.graph, results)
  }

  @Test func dropsDeadNodesAndResults() throws {
    let (after, results) = try run(
      "drop-dead-nodes",
      "(%x: f32[1,1,4]) -> (%y) { %a = Relu(%x) %b = Neg(%a) %y, %i = MaxPool(%x) {kernel_shape: [2]} return %y }")
    #expect(after == (try graph("(%x: f32[1,1,4]) -> (%y) { %y = MaxPool(%x) {kernel_shape: [2]} return %y }")))
    #expect(results[0].applications == ["drop-dead-node": 2, "drop-unread-result": 1])
  }

  @Test func dropsDeadNodesInSubgraphs() throws {
    let (after, _) = try run(
      "drop-dead-nodes",
      """
      (%c: bool[], %x: f32[4]) -> (%y) {
        %y = If(%c) captures (%x) {
          else_branch: graph @e(%p: f32[4]) -> (%q) { %d = Neg(%p) return %p },
          then_branch: graph @t(%p: f32[4]) -> (%q) { return %p } }
        return %y }
      """)
    let node = try #require(after.firstNode)
    #expect(after[node].subgraphs.map(\.graph.nodeCount) == [0, 0])
    #expect(after.totalNodeCount == 1)
  }

  @Test func dropsUnusedInitializers() throws {
    let (after, results) = try run(
      "drop-unused-initializers",
      "(%x: f32[1]) -> (%y) { %a: f32[1] = initializer [1] %b: f32[1] = initializer [2] %y = Add(%x, %b) return %y }")
    #expect(after == (try graph("(%x: f32[1]) -> (%y) { %b: f32[1] = initializer [2] %y = Add(%x, %b) return %y }")))
    #expect(results[0].changeCount == 1)
  }

  @Test func storesEqualInitializersOnce() throws {
    let (after, results) = try run(
      "deduplicate-initializers",
      """
      (%x: f32[2]) -> (%y, %z) {
        %a: f32[2] = initializer [1, 2] %b: f32[2] = initializer [1, 2] %c: i64[1] = initializer [1]
        %d: f32[1,2] = initializer [1, 2]
        %p = Add(%x, %a) %q = Add(%p, %b) %r = Add(%q, %d) %s = Reshape(%r, %c) return %s, %b }
      """)
    #expect(after.initializers.map { after[$0].name } == ["a", "c", "d"])
    #expect(results[0].changeCount == 1)
    #expect(after[after.outputs[1].value].name == "a" && after.outputs[1].name == "z")
  }

  @Test func bindsInputDefaults() throws {
    let (after, results) = try run(
      "bind-input-defaults",
      "(%w: f32[2] = [1, 2], %x: f32[2], %b: f32[] = [3]) -> (%y, %z) { %y = Add(%x, %w) return %y, %b }")
    let expected = try graph(
      "(%x: f32[2]) -> (%y, %z) { %b: f32[] = initializer [3] %w: f32[2] = initializer [1, 2] %y = Add(%x, %w) return %y, %b }"
    )
    #expect(after == expected && results[0].changeCount == 2)
  }

  @Test func mergesEqualTrees() throws {
    let (after, results) = try run(
      "merge-equal-subexpressions",
      """
      (%x: f32[4]) -> (%y) {
        %a = Neg(%x) %b = Neg(%x) %c = Abs(%a) %d = Abs(%b)
        %e = LeakyRelu(%c) {alpha: 0.1} %f = LeakyRelu(%d) {alpha: 0.2} %y = Sum(%c, %d, %e, %f) return %y }
      """)
    let expected = try graph(
      """
      (%x: f32[4]) -> (%y) {
        %a = Neg(%x) %c = Abs(%a) %e = LeakyRelu(%c) {alpha: 0.1} %f = LeakyRelu(%c) {alpha: 0.2}
        %y = Sum(%c, %c, %e, %f) return %y }
      """)
    #expect(after == expected)
    #expect(results[0].changeCount == 2)
  }

  @Test func randomNumbersAreNotMerged() throws {
    let (after, results) = try run(
      "merge-equal-subexpressions",
      "() -> (%y) { %a = RandomNormal() {shape: [4]} %b = RandomNormal() {shape: [4]} %y = Sub(%a, %b) return %y }")
    #expect(after.nodeCount == 3 && !results[0].changed)
  }

  @Test func foldsConstantsAndShapes() throws {
    let (after, results) = try run(
      "fold-constants",
      """
      (%x: f32[N,8,16]) -> (%y, %z) {
        %a = Constant() {value: tensor f32[2] [1, 2]} %b = Neg(%a) %c = Mul(%a, %b)
        %s = Shape(%x) %i: i64[] = initializer [2] %g = Gather(%s, %i) {axis: 0} %h = Add(%g, %i)
        %n: i64[] = initializer [0] %k = Gather(%s, %n) {axis: 0}
        return %c, %h }
      """)
    #expect(after.nodeCount == 2, "\(after)")
    let (first, second) = (after[after.outputs[0].value], after[after.outputs[1].value])
    #expect(first.constant?.floats == [-1, -4] && first.name == "c")
    #expect(second.constant?.integers == [18] && second.constant?.rank == 0)
    #expect(results[0].applications["keep-constant-as-initializer"] == 1)
  }

  @Test func foldingObeysTheLimit() throws {
    var context = PassContext()
    context.limits.growth = 100
    let (after, results) = try run(
      "fold-constants",
      """
      (%x: f32[64]) -> (%y) {
        %n: i64[1] = initializer [64] %a = ConstantOfShape(%n) {value: tensor f32[1] [3]} %y = Add(%x, %a) return %y }
      """, context)
    #expect(after.nodeCount == 2)
    #expect(results[0].skips["fold-constants"]?.keys.contains("the model would grow beyond the limit") ?? false)
  }

  @Test func absentDataIsNotFolded() throws {
    let digest = String(repeating: "00", count: 32)
    let (after, results) = try run(
      "default",
      "() -> (%y) { %a: f32[4] = initializer sha256:\(digest) (16 bytes) %y = Neg(%a) return %y }")
    #expect(after.nodeCount == 1)
    #expect(results[1].skips["fold-constants"]?.keys.sorted() == ["the data of an operand is absent"])
  }

  @Test func infersFromGivenShapes() throws {
    var context = PassContext()
    context.inputShapes = ["x": [2, 3]]
    let (after, _) = try run(
      "infer-types",
      "(%x: f32[N,M], %z: f32[N,1]) -> (%y: f32[N,M]) { %a: f32[N,M] = Add(%x, %z) %y: f32[N,M] = Relu(%a) return %y }",
      context)
    let expected = try graph(
      "(%x: f32[2,3], %z: f32[2,1]) -> (%y: f32[2,3]) { %a: f32[2,3] = Add(%x, %z) %y: f32[2,3] = Relu(%a) return %y }")
    #expect(after == expected, "\(after)")
  }

  @Test(
    arguments: [
      (["z": [1]], "expected the name of an input (x, w), got 'z'"),
      (["x": [1]], "expected a shape of rank 2 for input 'x', got [1]"),
      (["w": [1, 2], "x": [3, 1]], "expected one extent for 'N' in the shapes given, got 1 and 3"),
    ] as [([String: Shape], String)])
  func wrongShapesAreRefused(shapes: [String: Shape], message: String) throws {
    var context = PassContext()
    context.inputShapes = shapes
    let error = #expect(throws: DecantError.self) {
      try run("infer-types", "(%x: f32[N,M], %w: f32[N,2]) -> (%y) { %y = Relu(%x) return %y }", context)
    }
    #expect(error?.kind == .usage && error?.message == message)
  }

  @Test func simplifyEntersFunctionsWithoutAttributesOnly() throws {
    let plain = try graph("(%x) -> (%y) { %a = Identity(%x) %y = Relu(%a) return %y }")
    var model = Model(graph: try graph("(%x: f32[1]) -> (%y) { %y = local.F(%x) return %y }"))
    model.functions = [
      Function(name: OpName("F", domain: "local"), graph: plain),
      Function(name: OpName("G", domain: "local"), graph: plain, attributes: ["alpha"]),
    ]
    let result = try Simplify().run(on: &model, PassContext())
    #expect(model.functions.map(\.graph.nodeCount) == [1, 2])
    #expect(result.applications == ["drop-identity": 1])
  }
}
