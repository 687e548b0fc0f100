import DecantIR
import DecantOneDNN
import DecantOps
import DecantRuntime
import Testing

@Suite struct ThreadsTests {
  /// Convolution, rectifier, sum: in oneDNN's layouts from the first to the last.
  private func executor(threads: Int) throws -> Executor {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [.symbol("N"), 16, 12, 12]))
      let weight = rewriter.addInitializer("w", Case.numbers([16, 16, 3, 3], seed: 5))
      let a = rewriter.add("Conv", [x, weight], ["pads": .ints([1, 1, 1, 1])], name: "a")
      let b = rewriter.add("Relu", [a], name: "b")
      rewriter.addOutput("y", rewriter.add("Add", [b, x], name: "c"))
    }
    return try Executor(
      Model(graph: graph), backends: [OneDNNBackend(), ReferenceBackend(StandardOps())],
      options: Executor.Options(threads: threads))
  }

  @Test func oneKernelServesManyThreads() throws {
    let executor = try executor(threads: 1)
    let inputs = (0..<16).map { Case.numbers([1 + $0 % 3, 16, 12, 12], seed: UInt32($0)) }
    let expected = try inputs.map { try executor.run(["x": $0])["y"] }
    let got = try Parallel.map(count: 160, threads: 4) { try executor.run(["x": inputs[$0 % 16]])["y"] }
    for index in got.indices { #expect(got[index] == expected[index % 16]) }
  }

  @Test func moreThreadsAgree() throws {
    let x = Case.numbers([2, 16, 12, 12], seed: 1)
    let one = try #require(try executor(threads: 1).run(["x": x])["y"]?.floats)
    let two = try #require(try executor(threads: 2).run(["x": x])["y"]?.floats)
    #expect(zip(one, two).allSatisfy { abs($0 - $1) < 1e-4 })
  }
}
