import DecantIR
import Testing

/// Graphs broken on purpose, below the rewriter.
@Suite struct VerifierTests {
  private func graph() throws -> Graph {
    try TextForm.parseGraph(
      """
      graph @main(%x: f32[4]) -> (%y, %z) {
        %w: f32[4] = initializer [1, 2, 3, 4]
        %a = Add(%x, %w)
        %b, %c = Split(%a)
        %d = If(%b) captures (%c) {then_branch: graph @then(%i) -> (%o) { return %i }}
        return %d, %b
      }
      """)
  }

  private func node(_ index: Int, of graph: Graph) -> NodeID { graph.order[index] }
  private func value(_ name: String, of graph: Graph) throws -> ValueID { try #require(graph.value(named: name)) }

  private func expect(_ problem: String, _ damage: (inout Graph) throws -> Void) throws {
    var graph = try graph()
    #expect(Verifier.problem(in: graph) == nil)
    try damage(&graph)
    #expect(Verifier.problem(in: graph) == problem)
  }

  @Test func order() throws {
    try expect("the order misses a node") { $0.last = 0 }
    try expect("the order reads differently from its end") { graph in
      let second = node(1, of: graph)
      graph.nodes[slot: second.index].previous = Links.none
    }
    try expect("the order runs in a circle or off the graph") { graph in
      let (first, last) = (node(0, of: graph), node(2, of: graph))
      graph.nodes[slot: last.index].next = first.index
      graph.nodes[slot: first.index].previous = last.index
      graph.nodes[slot: first.index].previous = Links.none
    }
    try expect("'' reads 'a' before it is defined") { graph in
      let (first, second) = (node(0, of: graph), node(1, of: graph))
      graph.edit { $0.move(second, to: .before(first)) }
    }
  }

  @Test func names() throws {
    try expect("two values are called 'w'") { graph in
      let a = try value("a", of: graph)
      graph.values[slot: a.index].name = "w"
    }
    try expect("the name 'new' leads elsewhere") { graph in
      let a = try value("a", of: graph)
      graph.values[slot: a.index].name = "new"
    }
    try expect("two outputs are called 'y'") { $0.outputs[1].name = "y" }
  }

  @Test func definitions() throws {
    try expect("the initializer 'w' has no data") { graph in
      let w = try value("w", of: graph)
      graph.values[slot: w.index].data = nil
    }
    try expect("input 0 does not know its place") { graph in
      let x = try value("x", of: graph)
      graph.values[slot: x.index].definition = .input(index: 1)
    }
    try expect("result 0 of '' does not know its place") { graph in
      let a = try value("a", of: graph)
      graph.values[slot: a.index].definition = .result(node(2, of: graph), index: 0)
    }
    try expect("the value 'c' has no definition") { graph in
      let last = node(2, of: graph)
      graph.edit { $0.setOperand(0, of: last, to: nil) }
      let split = node(1, of: graph)
      let c = try value("c", of: graph)
      let slot = graph.nodes[slot: last.index].node.uses[1]
      graph.unlink(slot)
      graph.nodes[slot: last.index].node.uses[1] = Links.none
      graph.nodes[slot: last.index].node.operands[1] = nil
      graph.nodes[slot: split.index].node.results[1] = nil
      #expect(graph[c].useCount == 0)
    }
  }

  @Test func uses() throws {
    try expect("the uses of 'x' do not add up") { graph in
      let x = try value("x", of: graph)
      graph.values[slot: x.index].useCount = 2
    }
    try expect("operand 0 of '' is not among the uses of 'w'") { graph in
      let (first, w) = (node(0, of: graph), try value("w", of: graph))
      graph.nodes[slot: first.index].node.operands[0] = w
    }
    try expect("'' has 3 operands and 2 uses") { graph in
      let first = node(0, of: graph)
      graph.nodes[slot: first.index].node.operands.append(nil)
    }
    try expect("the output 'y' is not among the uses of 'b'") { graph in
      graph.outputs[0].value = try value("b", of: graph)
    }
    try expect("'' reads a value that was erased") { graph in
      let first = node(0, of: graph)
      let gone = graph.edit { $0.addInitializer("gone", Tensor(scalar: Float(0))) }
      graph.edit { $0.erase(gone) }
      graph.nodes[slot: first.index].node.operands[1] = gone
    }
  }

  @Test func subgraphs() throws {
    try expect("the subgraph 'then_branch' of '' has no inputs for its captured values") { graph in
      let last = node(2, of: graph)
      graph.edit { $0.setAttribute(last, "then_branch", .graph(Graph())) }
    }
    try expect("''.then_branch: two outputs are called 'o'") { graph in
      let last = node(2, of: graph)
      var inner = try #require(graph[last].attributes.graph("then_branch"))
      inner.edit { rewriter in rewriter.addOutput("o", rewriter.graph.inputs[0]) }
      graph.edit { $0.setAttribute(last, "then_branch", .graph(inner)) }
    }
  }
}
