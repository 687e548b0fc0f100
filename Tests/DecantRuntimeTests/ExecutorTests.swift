import DecantBytes
import DecantIR
import DecantRuntime
import Testing

@Suite struct ExecutorTests {
  @Test func runsNodesInOrderAndReleasesWhatIsDead() throws {
    let graph = Graph.build { rewriter in
      var value = rewriter.addInput("x", vector)
      for index in 0..<10 { value = rewriter.add("Negate", [value], name: "n\(index)") }
      rewriter.addOutput("y", value)
    }
    let result = try executor(graph).run(["x": Tensor([1, 2, 3] as [Float])])
    #expect(result["y"]?.floats == [1, 2, 3])
    // One operand and one result at a time; the input belongs to the caller.
    #expect(result.peakBytes == 24)
  }

  @Test func sharedMemoryIsCountedOnceAndConstantsNever() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let weight = rewriter.addInitializer("w", Tensor([1, 1] as [Float]))
      let sum = rewriter.add("Add", [x, weight], name: "sum")
      let same = rewriter.add("Same", [sum], name: "same")
      let constant = rewriter.add("Same", [weight], name: "constant")
      rewriter.addOutput("a", sum)
      rewriter.addOutput("b", same)
      rewriter.addOutput("c", constant)
      rewriter.addOutput("d", weight)
    }
    let result = try executor(graph).run(["x": Tensor([1, 2] as [Float])])
    #expect(result.outputs.map(\.value.tensor?.floats) == [[2, 3], [2, 3], [1, 1], [1, 1]])
    #expect(result.peakBytes == 8)
  }

  @Test func nodesThatNoOutputNeedsAreNotRun() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      _ = rewriter.add("Fail", [x], name: "dead")
      rewriter.addOutput("y", x)
    }
    #expect(try executor(graph).run(["x": Tensor([1] as [Float])])["y"]?.floats == [1])
  }

  @Test func unalignedConstantsAreAligned() throws {
    let bytes = ByteSlice(copying: [9, 0, 0, 128, 63, 0, 0, 0, 64])
    let weight = try Tensor(.float32, shape: [2], bytes: bytes[1..<9])
    let graph = Graph.build { rewriter in
      let value = rewriter.addInitializer("w", weight)
      rewriter.addOutput("y", rewriter.add("Negate", [value], name: "n"))
    }
    #expect(try executor(graph).run([:])["y"]?.floats == [-1, -2])
  }

  @Test func errorsNameTheNode() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let node = rewriter.addNode("Fail", [x], name: "bad", resultNames: ["y"])
      if let y = rewriter.graph[node].result(0) { rewriter.addOutput("y", y) }
    }
    let error = #expect(throws: DecantError.self) {
      _ = try executor(graph).run(["x": Tensor([1] as [Float])])
    }
    #expect(error?.message == "'bad' (Fail): expected something else")
    #expect(error?.kind == .malformed)
  }

  @Test func anOperatorThatNobodyComputesIsUnsupported() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      rewriter.addOutput("y", rewriter.add("Nope", [x, nil], name: "n"))
    }
    let error = #expect(throws: DecantError.self) {
      _ = try executor(graph).run(["x": Tensor([1] as [Float])])
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.hasSuffix("no backend computes it for (f32[1], -)") == true)
  }

  @Test func aRunStopsAtItsBudget() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      rewriter.addOutput("y", rewriter.add("Negate", [x], name: "n"))
    }
    let error = #expect(throws: DecantError.self) {
      _ = try executor(graph, byteLimit: 7).run(["x": Tensor([1, 2] as [Float])])
    }
    #expect(error?.kind == .overBudget)
  }

  @Test func aResultThatIsLeftOutIsNotKept() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let node = rewriter.addNode("Pad", [x], resultNames: [nil, "y"])
      if let y = rewriter.graph[node].result(1) { rewriter.addOutput("y", y) }
    }
    #expect(try executor(graph).run(["x": Tensor([1] as [Float])])["y"]?.floats == [1, 0])
  }

  @Test func aTapSeesChosenValues() throws {
    var watched: Set<ValueID> = []
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let a = rewriter.add("Negate", [x], name: "a")
      let b = rewriter.add("Negate", [a], name: "b")
      rewriter.addOutput("y", rewriter.add("Negate", [b], name: "c"))
      watched = [x, b]
    }
    let seen = Recorder()
    let names = Dictionary(uniqueKeysWithValues: watched.map { ($0, graph[$0].name) })
    let tap = StatisticsTap(watched) { (value, tensor) throws(OpError) in
      seen.add(names[value] ?? "?", tensor.floats ?? [])
    }
    _ = try executor(graph).run(["x": Tensor([1] as [Float])], tap: tap)
    #expect(seen.all == ["x [1.0]", "b [1.0]"])
  }

  @Test func oneExecutorServesManyThreads() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      let weight = rewriter.addInitializer("w", Tensor([1, 1] as [Float]))
      rewriter.addOutput("y", rewriter.add("Add", [x, weight], name: "sum"))
    }
    let executor = try executor(graph)
    let results = try Parallel.map(count: 200, threads: 8) { index in
      try executor.run(["x": Tensor([Float(index), 0])])["y"]?.floats ?? []
    }
    #expect(results == (0..<200).map { [Float($0) + 1, 1] })
  }
}
