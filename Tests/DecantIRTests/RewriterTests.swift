import DecantIR
import Testing

@Suite struct RewriterTests {
  /// x -> Relu -> Identity -> y
  private func chain() -> Graph {
    Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [.symbol("N"), 4]))
      let a = rewriter.add("Relu", [x], name: "a")
      let b = rewriter.add("Identity", [a], name: "y")
      rewriter.addOutput("y", b)
    }
  }

  @Test func buildsAndVerifies() {
    let graph = chain()
    #expect(graph.nodeCount == 2)
    #expect(Verifier.problem(in: graph) == nil)
    #expect(graph == chain())
  }

  @Test func outputKeepsItsNameWhenItsValueIsReplaced() throws {
    var graph = chain()
    let identity = try #require(graph.lastNode)
    let before = graph
    graph.edit { rewriter in
      guard let a = rewriter.graph[identity].operand(0), let y = rewriter.graph[identity].result(0) else { return }
      rewriter.replaceAllUses(of: y, with: a)
      rewriter.erase(identity)
    }
    #expect(graph.nodeCount == 1)
    #expect(graph.outputs.map(\.name) == ["y"])
    #expect(graph[graph.outputs[0].value].name == "a")
    #expect(Verifier.problem(in: graph) == nil)
    #expect(before.nodeCount == 2 && Verifier.problem(in: before) == nil)
    #expect(!graph.contains(identity) && before.contains(identity))
  }

  @Test func freshNamesDoNotCollide() {
    let graph = Graph.build { rewriter in
      for _ in 0..<3 { _ = rewriter.addInitializer("w", Tensor(scalar: Float(1))) }
    }
    #expect(graph.allValues.map { graph[$0].name } == ["w", "w_1", "w_2"])
  }

  @Test func dimensionArithmetic() {
    let n = Dimension.symbol("N")
    #expect((n * 4 + 2).description == "4*N+2")
    #expect(n * 4 / 2 == n * 2)
    #expect(n * .symbol("M") / n == .symbol("M"))
    #expect(n - n == 0)
    #expect(Dimension.fixed(Int.max) + 1 == .unknown)
  }
}
