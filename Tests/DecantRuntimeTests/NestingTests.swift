import DecantBytes
import DecantIR
import DecantRuntime
import Testing

@Suite struct NestingTests {
  @Test func subgraphsReadCapturedValues() throws {
    func branch(_ op: OpName) -> Graph {
      Graph.build(name: op.type) { rewriter in
        let outer = rewriter.addInput("outer", .unknown)
        rewriter.addOutput("r", rewriter.add(op, [outer], name: "v"))
      }
    }
    let graph = Graph.build { rewriter in
      let condition = rewriter.addInput("condition", .tensor(.bool, []))
      let x = rewriter.addInput("x", vector)
      let node = rewriter.addNode(
        "If", [condition, x], ["then_branch": .graph(branch("Negate")), "else_branch": .graph(branch("Same"))],
        resultNames: ["y"], captureCount: 1)
      if let y = rewriter.graph[node].result(0) { rewriter.addOutput("y", y) }
    }
    let executor = try executor(graph)
    let x = Tensor([1, 2] as [Float])
    #expect(try executor.run(["condition": Tensor(scalar: Boolean(true)), "x": x])["y"]?.floats == [-1, -2])
    #expect(try executor.run(["condition": Tensor(scalar: Boolean(false)), "x": x])["y"]?.floats == [1, 2])
  }

  private func scaling() -> Function {
    let body = Graph.build(name: "Scaled") { rewriter in
      let x = rewriter.addInput("x", .unknown)
      let unused = rewriter.addInput("optional", .unknown)
      _ = unused
      rewriter.addOutput("y", rewriter.add("Scale", [x], ["by": .reference(name: "factor", kind: .float)], name: "s"))
    }
    return Function(name: OpName("Scaled", domain: "local"), graph: body, defaults: ["factor": .float(3)])
  }

  @Test func functionsRunWithTheAttributesOfTheCall() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let name = OpName("Scaled", domain: "local")
      rewriter.addOutput("a", rewriter.add(name, [x], ["factor": .float(2)], name: "a0"))
      rewriter.addOutput("b", rewriter.add(name, [x], name: "b0"))
    }
    let result = try executor(graph, functions: [scaling()]).run(["x": Tensor([1] as [Float])])
    #expect(result["a"]?.floats == [2])
    #expect(result["b"]?.floats == [3])
  }

  @Test func aFunctionThatCallsItselfIsRefused() throws {
    let name = OpName("Loops", domain: "local")
    let body = Graph.build(name: "Loops") { rewriter in
      let x = rewriter.addInput("x", .unknown)
      rewriter.addOutput("y", rewriter.add(name, [x], name: "again"))
    }
    let error = #expect(throws: DecantError.self) {
      _ = try executor(body, functions: [Function(name: name, graph: body)])
    }
    #expect(error?.message.contains("the function calls itself: local.Loops → local.Loops") == true)
  }
}
