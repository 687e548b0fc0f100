import DecantBytes
import DecantIR
import DecantRuntime
import Synchronization
import Testing

@Suite struct StepRecordTests {
  private func records(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [StepRecord] {
    let seen = Mutex<[StepRecord]>([])
    _ = try executor(graph).run(inputs, observer: StepObserver { record in seen.withLock { $0.append(record) } })
    return seen.withLock { $0 }
  }

  @Test func everyNodeHasARecordWithItsTypes() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let weight = rewriter.addInitializer("w", Tensor([1, 1] as [Float]))
      let sum = rewriter.add("Add", [x, weight], name: "sum")
      rewriter.addOutput("y", rewriter.add("Scale", [sum], ["by": .float(3)], name: "scaled"))
    }
    let found = try records(graph, ["x": Tensor([1, 2] as [Float])])
    let pair = ConcreteType(.float32, [2])
    #expect(found.map { $0.nodes.map(\.name) } == [["sum"], ["scaled"]])
    #expect(found.map { $0.nodes.map(\.op) } == [["Add"], ["Scale"]])
    #expect(found.map(\.operands) == [[pair, pair], [pair]])
    #expect(found.map(\.results) == [[pair], [pair]])
    #expect(found.map { $0.attributes.float("by") } == [nil, 3])
    #expect(found.map(\.kernel) == ["ReferenceKernel", "ReferenceKernel"])
    #expect(found.allSatisfy { $0.duration >= .zero })
  }

  @Test func stepsOfSubgraphsComeFirstAndAreNotCountedTwice() throws {
    let branch = Graph.build(name: "branch") { rewriter in
      let outer = rewriter.addInput("outer", .unknown)
      rewriter.addOutput("r", rewriter.add("Negate", [outer], name: "inner"))
    }
    let graph = Graph.build { rewriter in
      let condition = rewriter.addInput("condition", .tensor(.bool, []))
      let x = rewriter.addInput("x", vector)
      let node = rewriter.addNode(
        "If", [condition, x], ["then_branch": .graph(branch), "else_branch": .graph(branch)], name: "choice",
        resultNames: ["y"], captureCount: 1)
      if let y = rewriter.graph[node].result(0) { rewriter.addOutput("y", y) }
    }
    let start = ContinuousClock.now
    let found = try records(
      graph, ["condition": Tensor(scalar: Boolean(true)), "x": Tensor([1] as [Float])])
    let elapsed = start.duration(to: .now)
    #expect(found.map { $0.nodes.map(\.name) } == [["inner"], ["choice"]])
    #expect(found.reduce(.zero) { $0 + $1.duration } <= elapsed)
  }
}
