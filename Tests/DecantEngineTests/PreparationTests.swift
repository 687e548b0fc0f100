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

  @Test("an input with a default is a constant of runs that leave it out") func defaults() throws {
    let graph = Graph.build { graph in
      let x = graph.addInput("x", .tensor(.float32, [2]))
      let w = graph.addInput("w", .tensor(.float32, [2]), default: Tensor([Float](arrayLiteral: 2, 3)))
      let square = graph.add("Mul", [w, w], name: "square")
      graph.addOutput("y", graph.add("Add", [x, square], name: "sum"))
      graph.addOutput("same", w)
    }
    let executor = try executor(graph, Notes())
    func run(_ inputs: [String: [Float]]) throws -> [String] {
      let seen = Mutex<[String]>([])
      let result = try executor.run(
        inputs.mapValues { Tensor($0) },
        observer: StepObserver { record in seen.withLock { $0 += record.nodes.map(\.name) } })
      let numbers = ["y", "same"].map { (result[$0]?.floats ?? []).map { "\($0)" }.joined(separator: " ") }
      return numbers + seen.withLock { $0 }
    }
    for _ in 0..<2 {
      #expect(try run(["x": [1, 1]]) == ["5.0 10.0", "2.0 3.0", "sum"])
      #expect(try run(["x": [1, 1], "w": [1, -1]]) == ["2.0 2.0", "1.0 -1.0", "square", "sum"])
    }
  }

  private func executor(_ graph: Graph, _ notes: Notes) throws -> Executor {
    try Executor(
      Model(graph: graph), backends: [NativeBackend(), ReferenceBackend(StandardOps())], reporter: notes)
  }

  @Test("a wrong type declared of an inner value is no reason to run as written") func wrongDeclaration() throws {
    let graph = Graph.build { graph in
      let x = graph.addInput("x", .tensor(.float32, [2]))
      let inner = graph.add("Neg", [x], name: "inner", type: .tensor(.int64, [7]))
      graph.addOutput("y", graph.add("Identity", [inner], name: "y", type: .tensor(.float16, [2])))
    }
    let notes = Notes()
    let executor = try executor(graph, notes)
    #expect(try executor.run(["x": Tensor([Float](arrayLiteral: 1, -3))])["y"]?.floats == [-1, 3])
    #expect(notes.all == [])
    var prepared = Model(graph: graph)
    #expect(NativeBackend().prepare(&prepared) == [])
    #expect(prepared.graph.nodeCount == 1)
  }

  @Test("what is refused runs as it is written, and says so once", arguments: [false, true])
  func refused(shapesAreOpen: Bool) throws {
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
      let x = graph.addInput("x", .tensor(.float32, shapesAreOpen ? [.symbol("n")] : [1]))
      graph.addOutput("y", graph.add("Add", [y, x], name: "sum"))
    }
    let notes = Notes()
    let executor = try executor(graph, notes)
    let inputs = [
      "no": try Tensor(.bool, shape: [], bytes: ByteSlice(copying: [0])), "x": Tensor([Float](arrayLiteral: 2)),
    ]
    for _ in 0..<2 { #expect(try executor.run(inputs)["y"]?.floats == [3]) }
    #expect(notes.all.count == 1)
    #expect(notes.all.first?.hasPrefix("the model runs as it is written, slower: node '") == true)
  }
}

/// Keeps the notes that it is told.
private final class Notes: Reporter {
  private let messages = Mutex<[String]>([])

  var all: [String] { messages.withLock { $0 } }

  func report(_ event: Event) {
    guard case .diagnostic(let diagnostic) = event, diagnostic.severity == .note else { return }
    messages.withLock { $0.append(diagnostic.message) }
  }
}
