import DecantEngine
import DecantIR
import DecantOps
import DecantRuntime
import Testing

@Suite struct SmallWorkTests {
  @Test(arguments: ["Gemm", "MatMul"]) func aProductWithWhatFollowsItIsOneStep(_ op: String) throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", .tensor(.float32, [2, 5]))
      let weights = rewriter.addInitializer("w", KernelCase.numbers([5, 20], seed: 1))
      let bias = rewriter.addInitializer("b", KernelCase.numbers([20], seed: 2))
      var value = rewriter.add(OpName(op), op == "Gemm" ? [x, weights, bias] : [x, weights], name: "product")
      if op == "MatMul" { value = rewriter.add("Add", [bias, value], name: "sum") }
      rewriter.addOutput("y", rewriter.add("Relu", [value], name: "rectified"))
    }
    let inputs = ["x": KernelCase.numbers([2, 5], seed: 3)]
    let reference = ReferenceBackend(StandardOps())
    let expected = try #require(try Executor(Model(graph: graph), backends: [reference]).run(inputs)["y"]?.floats)
    let executor = try Executor(Model(graph: graph), backends: [SmallWork(), reference])
    for _ in 0..<3 {
      let got = try #require(try executor.run(inputs)["y"]?.floats)
      #expect(zip(got, expected).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(got.contains(0))
    }
  }
}
