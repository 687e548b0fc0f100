import DecantBytes
import DecantIR
import DecantPasses
import Testing

@Suite struct PipelineTests {
  @Test func parsesNamesAndLists() throws {
    #expect(try Pipeline(parsing: "default").passes.count == 9)
    #expect(try Pipeline(parsing: "simplify, drop-dead-nodes").passes.map(\.name) == ["simplify", "drop-dead-nodes"])
    let mixed = try Pipeline(parsing: "bind-input-defaults,default")
    #expect(mixed.passes.count == 10 && mixed.maximumRounds == 8)
  }

  @Test(arguments: [
    ("fold-constant", "did you mean 'fold-constants'?"), ("defualt", "did you mean 'default'?"), ("xyzzy", nil),
    ("", nil), ("simplify,,infer-types", nil),
  ])
  func unknownNamesAreRefused(list: String, note: String?) {
    let error = #expect(throws: DecantError.self) { try Pipeline(parsing: list) }
    #expect(error?.kind == .usage && error?.note == note)
  }

  @Test func explainsNodes() throws {
    var context = PassContext()
    context.explained = ["b"]
    var model = Model(
      graph: try graph("(%x: f32[2]) -> (%y) { %a = Relu(%x) @a %y: f32[2] = Relu(%a) @b return %y }"))
    let results = try Pipeline(parsing: "simplify").run(on: &model, context)
    let explanations = results[0].explanations
    #expect(explanations.allSatisfy { $0.node == "b" })
    #expect(explanations.map(\.rule) == ["drop-redundant-relu", "drop-repeated"])
    #expect(explanations.map(\.outcome) == [.skipped("the operand may be negative"), .applied])
    #expect(results[0].sizes?.before.nodes == 2 && results[0].sizes?.after.nodes == 1)
  }

  @Test func explainedNodesMustExist() throws {
    var context = PassContext()
    context.explained = ["conv_12"]
    var model = Model(graph: try graph("(%x: f32[2]) -> (%y) { %y = Relu(%x) @conv_11 return %y }"))
    let error = #expect(throws: DecantError.self) { try Pipeline(parsing: "simplify").run(on: &model, context) }
    #expect(error?.kind == .usage && error?.note == "did you mean 'conv_11'?")
  }

  @Test func rulesThatUndoEachOtherStop() throws {
    let there = RewriteRule("there", roots: ["Relu"]) { (node, rewriter) throws(OpError) in
      rewriter.setOp(node, "Neg")
      return .applied
    }
    let back = RewriteRule("back", roots: ["Neg"]) { (node, rewriter) throws(OpError) in
      rewriter.setOp(node, "Relu")
      return .applied
    }
    let recorder = Recorder()
    var context = PassContext()
    context.reporter = recorder
    var graph = try graph("(%x: f32[2]) -> (%y) { %y = Relu(%x) return %y }")
    var result = PassResult(pass: "endless")
    try RewriteDriver([there, back]).run(on: &graph, context, &result)
    #expect(recorder.warnings.count == 1)
    #expect(Verifier.problem(in: graph) == nil)
  }

  @Test func failuresNameRuleAndNode() throws {
    let broken = RewriteRule("broken", roots: ["Relu"]) { (_, _) throws(OpError) in throw OpError("no luck") }
    var graph = try graph("(%x: f32[2]) -> (%y) { %y = Relu(%x) @r return %y }")
    var result = PassResult(pass: "failing")
    let error = #expect(throws: DecantError.self) {
      try RewriteDriver([broken]).run(on: &graph, PassContext(), &result)
    }
    #expect(error?.description == "rule 'broken': node 'r': no luck")
    #expect(graph.nodeCount == 1)
  }
}
