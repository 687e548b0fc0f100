import DecantBytes
import DecantIR
import Testing

@testable import DecantCompression

@Suite struct NodeSelectionTests {
  /// Five nodes in a row, the middle one with a branch in a subgraph, and one beside them.
  private func graph() throws -> Graph {
    try TextForm.parseGraph(
      """
      graph @g(%x: f32[2,2], %c: bool[]) -> (%y: f32[2,2], %side: f32[2,2]) {
        %w: f32[2,2] = initializer [1, 2, 3, 4]
        %a: f32[2,2] = MatMul(%x, %w) @block.0/dense
        %b: f32[2,2] = Relu(%a) @block.0/relu
        %d: f32[2,2] = If(%c) captures (%b) {
          else_branch: graph @else(%j: f32[2,2]) -> (%p: f32[2,2]) {
            %p: f32[2,2] = Relu(%j) @other
            return %p },
          then_branch: graph @then(%i: f32[2,2]) -> (%o: f32[2,2]) {
            %o: f32[2,2] = MatMul(%i, %i) @inner
            return %o }
        } @choice
        %e: f32[2,2] = MatMul(%d, %w) @block.1/dense
        %y: f32[2,2] = Softmax(%e)
        %side: f32[2,2] = MatMul(%x, %w) @side
        return %y, %side }
      """)
  }

  private func chosen(include: [String] = [], exclude: [String] = []) throws -> [String] {
    let graph = try graph()
    let selection = try NodeSelection(
      include: include.map(NodeSelector.init), exclude: exclude.map(NodeSelector.init), in: graph)
    return graph.order.filter(selection.chosen.contains).map(graph.label(of:))
  }

  @Test(arguments: [
    ("block.0/relu", ["block.0/relu"]),
    ("block.*", ["block.0/dense", "block.0/relu", "block.1/dense"]),
    ("Softmax", ["y"]),
    ("y", ["y"]),
    ("name:side", ["side"]),
    ("op:Relu", ["block.0/relu"]),
    ("re:^block\\.[0-9]/d", ["block.0/dense", "block.1/dense"]),
    ("first:2", ["block.0/dense", "block.1/dense"]),
    ("last:1", ["side"]),
    ("last:9:Relu", ["block.0/relu"]),
    ("between:a..e", ["block.0/relu", "choice", "block.1/dense"]),
    ("between:..b", ["block.0/dense", "block.0/relu"]),
    ("between:e..", ["y"]),
  ]) func aSelectorChooses(selector: String, expected: [String]) throws {
    #expect(try chosen(include: [selector]) == expected)
  }

  @Test func excludingComesAfterIncluding() throws {
    #expect(try chosen(include: ["block.*", "Softmax"], exclude: ["MatMul"]) == ["block.0/relu", "y"])
  }

  @Test(arguments: [
    ("block.0/rela", "'block.0/rela' chooses no node", "did you mean 'block.0/relu' or 'block.0/dense'?"),
    ("Sofmax", "'Sofmax' chooses no node", "did you mean 'Softmax'?"),
    ("op:Reluu", "'op:Reluu' chooses no node", "did you mean 'Relu'?"),
    ("re:^x", "'re:^x' chooses no node", "the names of nodes are printed by 'decant dump'"),
    ("first:2:Conv", "'first:2:Conv' chooses no node", nil),
    ("between:e..a", "'between:e..a' chooses no node", "the second value does not depend on the first"),
    ("between:a..yy", "'between:a..yy': the model has no value 'yy'", "did you mean 'y' or 'a' or 'b'?"),
    ("between:a", "'between:a': expected two names of values, as in between:a..b", nil),
    (
      "first:0", "'first:0': expected a count of at least 1, and perhaps an operator type, as in first:2:MatMul", nil
    ),
    ("re:(a", "'re:(a': expected ')', at character 2", nil),
  ]) func whatChoosesNothingIsAnError(selector: String, message: String, note: String?) throws {
    let error = #expect(throws: DecantError.self) { try chosen(exclude: [selector]) }
    #expect(error?.kind == .usage && error?.message == message && error?.note == note, "\(String(describing: error))")
  }

  @Test func everyNodeThatIsLeftOutHasAReason() throws {
    let graph = try graph()
    let selection = try NodeSelection(
      include: ["block.*", "choice"].map(NodeSelector.init), exclude: [NodeSelector("Relu")], in: graph)
    let reasons = graph.order.map { selection.reason($0) }
    #expect(
      reasons == [
        nil, "excluded by 'Relu'", nil, nil, "not among the nodes to include", "not among the nodes to include",
      ])
  }

  @Test func nodesOfSubgraphsFollowTheirHolderUnlessNamed() throws {
    let graph = try graph()
    let selection = try NodeSelection(include: [NodeSelector("inner")], exclude: [NodeSelector("Relu")], in: graph)
    let holder = try #require(graph.order.first { graph[$0].op == "If" })
    var found: [String: String?] = [:]
    for (_, inner) in graph[holder].subgraphs {
      for id in inner.order {
        found[inner[id].name] = selection.reason(nested: id, in: inner, holder: selection.reason(holder))
      }
    }
    #expect(found == ["inner": nil as String?, "other": "excluded by 'Relu'"])
    #expect(selection.chosen.isEmpty)
  }
}
