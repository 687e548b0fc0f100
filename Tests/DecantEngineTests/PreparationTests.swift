import DecantBytes
import DecantEngine
import DecantIR
import DecantOps
import DecantRuntime
import Synchronization
import Testing

/// What rewriting before a run keeps.
@Suite struct PreparationTests {
  /// An identity, which preparing takes away, and a product of constants, which it folds.
  private static let model = Model(
    graph: Graph.build { graph in
      let x = graph.addInput("x", .tensor(.float32, [2]))
      let two = graph.addInitializer("two", Tensor([Float](arrayLiteral: 2, 2)))
      let same = graph.add("Identity", [x], name: "same")
      let four = graph.add("Mul", [two, two], name: "four")
      let y = graph.add("Add", [same, four], name: "sum")
      graph.addOutput("y", y)
    })

  @Test("watched values are seen though rewriting takes their nodes away") func watched() throws {
    let graph = Self.model.graph
    let values = graph.order.compactMap { graph[$0].results[0] }
    let seen = Mutex<[ValueID: [Float]]>([:])
    let tap = StatisticsTap(Set(values)) { value, tensor in
      let floats = tensor.floats
      seen.withLock { $0[value] = floats }
    }
    let executor = try Executor(Self.model, backends: [NativeBackend(), ReferenceBackend(StandardOps())])
    let result = try executor.run(["x": Tensor([Float](arrayLiteral: 1, -3))], tap: tap)
    #expect(result["y"]?.floats == [5, 1])
    #expect(seen.withLock { seen in values.map { seen[$0] } } == [[1, -3], [4, 4], [5, 1]])
  }

  private func executor(_ graph: Graph) throws -> Executor {
    try Executor(Model(graph: graph), backends: [NativeBackend(), ReferenceBackend(StandardOps())])
  }

  @Test("a wrong type declared of an inner value is no reason to run as written") func wrongDeclaration() throws {
    let graph = Graph.build { graph in
      let x = graph.addInput("x", .tensor(.float32, [2]))
      let inner = graph.add("Neg", [x], name: "inner", type: .tensor(.int64, [7]))
      graph.addOutput("y", graph.add("Identity", [inner], name: "y", type: .tensor(.float16, [2])))
    }
    let executor = try executor(graph)
    #expect(executor.notes == [])
    #expect(try executor.run(["x": Tensor([Float](arrayLiteral: 1, -3))])["y"]?.floats == [-1, 3])
    var prepared = Model(graph: graph)
    #expect(NativeBackend().prepare(&prepared) == [])
    #expect(prepared.graph.nodeCount == 1)
  }

  @Test("what is refused runs as it is written, and says so") func refused() throws {
    let never = Graph.build { graph in
      let a = graph.addInitializer("a", Tensor([Float](arrayLiteral: 1, 2)))
      let b = graph.addInitializer("b", Tensor([Float](arrayLiteral: 1, 2, 3)))
      graph.addOutput("sum", graph.add("Add", [a, b], name: "sum"))
    }
    let usual = Graph.build { graph in
      graph.addOutput("one", graph.addInitializer("one", Tensor([Float](arrayLiteral: 1))))
    }
    let graph = Graph.build { graph in
      let no = graph.addInput("no", .tensor(.bool, []))
      let y = graph.add("If", [no], ["then_branch": .graph(never), "else_branch": .graph(usual)], name: "y")
      graph.addOutput("y", y)
    }
    let executor = try executor(graph)
    #expect(executor.notes.count == 1)
    #expect(executor.notes.first?.hasPrefix("the model runs as it is written, slower: node '") == true)
    #expect(try executor.run(["no": Tensor(.bool, shape: [], bytes: ByteSlice(copying: [0]))])["y"]?.floats == [1])
  }
}
