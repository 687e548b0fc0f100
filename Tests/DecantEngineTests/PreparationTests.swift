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
}
