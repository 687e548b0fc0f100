import DecantBytes
import DecantIR
import DecantRuntime
import Synchronization
import Testing

/// Runs with inputs of the same types as before go another way than the first.
@Suite struct BoundPlanTests {
  @Test func laterRunsGiveTheSameAndTakeTheSame() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let weight = rewriter.addInitializer("w", Tensor(scalar: Float(1)))
      let sum = rewriter.add("Add", [x, x], name: "sum")
      let same = rewriter.add("Same", [sum], name: "same")
      rewriter.addOutput("y", rewriter.add("Negate", [same], name: "n"))
      rewriter.addOutput("sum", sum)
      rewriter.addOutput("w", weight)
    }
    let executor = try executor(graph)
    var peaks: Set<Int> = []
    for step in 0..<4 {
      let result = try executor.run(["x": Tensor([Float(step), 1])])
      #expect(result["y"]?.floats == [-2 * Float(step), -2])
      #expect(result["sum"]?.floats == [2 * Float(step), 2])
      #expect(result["w"]?.floats == [1])
      peaks.insert(result.peakBytes)
    }
    #expect(peaks == [16])
  }

  @Test func shapesMayAlternate() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      rewriter.addOutput("y", rewriter.add("Negate", [x], name: "n"))
    }
    let executor = try executor(graph)
    for count in [1, 2, 1, 3, 3, 2, 1] {
      let x = (0..<count).map { Float($0) }
      #expect(try executor.run(["x": Tensor(x)])["y"]?.floats == x.map { -$0 })
    }
  }

  @Test func resultsWhoseShapesHangOnData() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let kept = rewriter.add("Positive", [x], name: "kept")
      rewriter.addOutput("y", rewriter.add("Negate", [kept], name: "n"))
    }
    let executor = try executor(graph)
    for x in [[1, 2, -1], [1, 2, -1], [1, -1, -1], [-1, 2, 3], [1, 2, 3]] as [[Float]] {
      #expect(try executor.run(["x": Tensor(x)])["y"]?.floats == x.filter { $0 > 0 }.map { -$0 })
    }
  }

  @Test func laterRunsAreCheckedAndRecordedToo() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [2]))
      rewriter.addOutput("y", rewriter.add("Negate", [x], name: "n"))
    }
    let executor = try executor(graph)
    let x = Tensor([1, 2] as [Float])
    let seen = Mutex<[String]>([])
    let observer = StepObserver { record in seen.withLock { $0 += record.nodes.map(\.name) } }
    for _ in 0..<3 { _ = try executor.run(["x": x], observer: observer) }
    #expect(seen.withLock { $0 } == ["n", "n", "n"])
    for bad in [["x": Tensor([1] as [Float])], ["z": x], ["x": x, "z": x], [:]] {
      #expect(throws: DecantError.self) { _ = try executor.run(bad) }
    }
    #expect(try executor.run(["x": x])["y"]?.floats == [-1, -2])
  }

  @Test func branchesThatHangOnShapesAreDecidedOnceAndNotForOthers() throws {
    let branches = ["Negate", "Same"].map { op in
      Graph.build(name: op) { rewriter in
        let outer = rewriter.addInput("outer", .unknown)
        rewriter.addOutput("r", rewriter.add(OpName(op), [outer], name: "inner"))
      }
    }
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let condition = rewriter.add("IsPair", [x], name: "condition")
      let node = rewriter.addNode(
        "If", [condition, x], ["then_branch": .graph(branches[0]), "else_branch": .graph(branches[1])], name: "choice",
        resultNames: ["y"], captureCount: 1)
      if let y = rewriter.graph[node].result(0) { rewriter.addOutput("y", y) }
    }
    let executor = try executor(graph)
    for x in [[1, 2], [1, 2], [3], [3], [1, 2], [1, 2, 3]] as [[Float]] {
      #expect(try executor.run(["x": Tensor(x)])["y"]?.floats == (x.count == 2 ? x.map { -$0 } : x))
    }
  }
}
