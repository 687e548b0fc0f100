import DecantEngine
import DecantIR
import DecantOps
import DecantRuntime
import Testing

/// Float convolutions and products with constant weights, and what they take into their kernel.
@Suite struct ConvolutionTests {
  private static let framed: Attributes = ["pads": .ints([1, 1, 1, 1])]

  @Test(arguments: [
    // Pixels are rows: tiles and panels that are full and that are not.
    KernelCase("Conv", [[2, 16, 5, 7], [48, 16, 1, 1], [48]]),
    KernelCase("Conv", [[1, 5, 3, 3], [17, 5, 1, 1]]),
    KernelCase("Conv", [[1, 20, 4, 4], [112, 20, 1, 1], [112]]),
    KernelCase("Conv", [[1, 20, 1, 1], [64, 20, 1, 1], [64]]),
    // Deep ones go in several passes.
    KernelCase("Conv", [[1, 700, 2, 5], [60, 700, 1, 1], [60]], tolerance: 1e-5),
    KernelCase("Conv", [[1, 300, 4, 5], [50, 300, 3, 3], [50]], framed, tolerance: 1e-5),
    // Windows.
    KernelCase("Conv", [[2, 16, 9, 8], [33, 16, 3, 3], [33]], framed),
    KernelCase("Conv", [[1, 17, 9, 11], [8, 17, 3, 2]], ["strides": .ints([2, 3]), "pads": .ints([0, 1, 2, 0])]),
    KernelCase(
      "Conv", [[1, 16, 9, 11], [8, 16, 3, 3]], ["dilations": .ints([2, 3]), "pads": .ints([2, 3, 2, 3])]),
    KernelCase("Conv", [[1, 16, 20], [8, 16, 5], [8]], ["strides": .ints([3]), "pads": .ints([2, 1])]),
    KernelCase("Conv", [[1, 32, 6, 6], [24, 16, 3, 3], [24]], ["group": .int(2), "pads": .ints([1, 1, 1, 1])]),
    // Few channels: in a frame.
    KernelCase(
      "Conv", [[2, 3, 11, 9], [20, 3, 3, 3], [20]], ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])]),
    KernelCase("Conv", [[1, 1, 11, 9], [5, 1, 5, 5]], ["auto_pad": .string("SAME_UPPER")]),
    KernelCase("Conv", [[1, 4, 9, 12], [6, 4, 2, 3]], ["dilations": .ints([2, 1])]),
    KernelCase("Conv", [[1, 2, 30], [6, 2, 7], [6]], ["strides": .ints([4]), "pads": .ints([3, 0])]),
  ]) func convolutions(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase("Conv", [[2, 20, 9, 15], [20, 1, 3, 3], [20]], ["group": .int(20), "pads": .ints([1, 1, 1, 1])]),
    KernelCase("Conv", [[1, 16, 9, 16], [16, 1, 3, 3]], ["group": .int(16), "strides": .ints([2, 2])]),
    KernelCase("Conv", [[1, 33, 12, 9], [33, 1, 5, 5], [33]], ["group": .int(33), "pads": .ints([2, 2, 2, 2])]),
    KernelCase(
      "Conv", [[1, 16, 17, 16], [16, 1, 5, 5]],
      ["group": .int(16), "strides": .ints([2, 2]), "pads": .ints([2, 2, 2, 2])]),
    KernelCase("Conv", [[1, 7, 9, 9], [7, 1, 3, 3]], ["group": .int(7), "dilations": .ints([2, 2])]),
    KernelCase("Conv", [[1, 24, 40], [24, 1, 7], [24]], ["group": .int(24), "pads": .ints([3, 3])]),
  ]) func channelByChannel(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase("MatMul", [[3, 5, 40], [40, 50]]), KernelCase("MatMul", [[1, 600], [600, 100]], tolerance: 1e-5),
    KernelCase("Gemm", [[9, 40], [40, 64], [64]]), KernelCase("Gemm", [[3, 19], [19, 70], [70]]),
    KernelCase("Gemm", [[4, 1], [1, 16], [1, 16]]), KernelCase("MatMul", [[2, 2, 33], [33, 65]]),
    KernelCase("Gemm", [[9, 40], [30, 40], [1, 30]], ["transB": .int(1)]), KernelCase("Gemm", [[1, 7], [7, 2]]),
  ]) func products(_ one: KernelCase) throws { try one.check() }

  @Test(arguments: [
    KernelCase(
      "MaxPool", [[2, 20, 9, 10]],
      ["kernel_shape": .ints([3, 2]), "strides": .ints([2, 2]), "pads": .ints([1, 0, 1, 1])]),
    KernelCase("MaxPool", [[1, 3, 9]], ["kernel_shape": .ints([2]), "strides": .ints([2]), "ceil_mode": .int(1)]),
    KernelCase("MaxPool", [[1, 16, 9, 10]], ["kernel_shape": .ints([2, 2]), "dilations": .ints([2, 3])]),
    KernelCase("AveragePool", [[1, 16, 9, 10]], ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1])]),
    KernelCase(
      "AveragePool", [[1, 3, 9, 10]],
      ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "count_include_pad": .int(1)]),
    // Windows without a place of the image.
    KernelCase(
      "MaxPool", [[1, 20, 3, 3]],
      ["kernel_shape": .ints([2, 2]), "dilations": .ints([5, 5]), "pads": .ints([3, 3, 3, 3])]),
    KernelCase(
      "MaxPool", [[1, 4, 3, 3]],
      ["kernel_shape": .ints([2, 2]), "dilations": .ints([5, 5]), "pads": .ints([3, 3, 3, 3])]),
    KernelCase("GlobalAveragePool", [[2, 33, 7, 7]]), KernelCase("GlobalMaxPool", [[2, 16, 30]]),
  ]) func pooling(_ one: KernelCase) throws { try one.check() }

  /// Means of nothing, and windows so large that going through them would never end.
  @Test(arguments: [
    KernelCase(
      "AveragePool", [[1, 20, 3, 3]],
      ["kernel_shape": .ints([2, 2]), "dilations": .ints([5, 5]), "pads": .ints([3, 3, 3, 3])]),
    KernelCase(
      "MaxPool", [[1, 4, 40, 40]],
      ["kernel_shape": .ints([1 << 20, 1 << 20]), "pads": .ints([(1 << 20) - 1, (1 << 20) - 1, 0, 0])]),
    KernelCase(
      "MaxPool", [[1, 20, 40, 40]],
      ["kernel_shape": .ints([1 << 20, 1 << 20]), "pads": .ints([(1 << 20) - 1, (1 << 20) - 1, 0, 0])]),
  ]) func pooledByDefinition(_ one: KernelCase) throws { #expect(try one.run(NativeBackend()) == nil) }

  /// A graph of two inputs of one shape, computed with our kernels and by definition.
  private func check(
    _ shape: [Int], threads: Int = 1, _ body: (inout Rewriter, ValueID, ValueID) -> ValueID
  ) throws {
    let (a, b) = (KernelCase.numbers(shape, seed: 1), KernelCase.numbers(shape, seed: 2))
    let graph = Graph.build { graph in
      let x = graph.addInput("x", a.type)
      let y = graph.addInput("y", b.type)
      graph.addOutput("z", body(&graph, x, y))
    }
    let reference = ReferenceBackend(StandardOps())
    func run(_ backends: [any Backend]) throws -> Tensor {
      let executor = try Executor(Model(graph: graph), backends: backends, options: .init(threads: threads))
      return try #require(try executor.run(["x": a, "y": b])["z"])
    }
    let (got, expected) = (try run([NativeBackend(), reference]), try run([reference]))
    #expect(got.shape == expected.shape)
    let (x, y) = (try #require(got.floats), try #require(expected.floats))
    let range = max((y.max() ?? 0) - (y.min() ?? 0), 0.1)
    #expect(zip(x, y).allSatisfy { abs($0 - $1) <= 5e-6 * range })
  }

  /// A convolution of `channels` to as many.
  private func convolve(
    _ graph: inout Rewriter, _ x: ValueID, _ channels: Int, kernel: Int = 1, group: Int = 1, _ name: String
  ) -> ValueID {
    let pad = Int64(kernel / 2)
    return graph.add(
      "Conv",
      [
        x,
        graph.addInitializer(
          "\(name).w", KernelCase.numbers([channels, channels / group, kernel, kernel], seed: UInt32(channels))),
        graph.addInitializer("\(name).b", KernelCase.numbers([channels], seed: 3)),
      ], ["group": .int(Int64(group)), "pads": .ints([pad, pad, pad, pad])], name: name)
  }

  @Test("what follows a convolution", arguments: [1, 16], [1, 3]) func endings(group: Int, threads: Int) throws {
    let shape = [2, 16, 9, 10]
    for chain in [
      ["Add", "Relu"], ["Relu", "Add"], ["Sub", "Sigmoid"], ["Mul", "Clip"], ["Clip", "Tanh", "Add"], ["Gelu"],
    ] {
      try check(shape, threads: threads) { graph, x, y in
        var value = convolve(&graph, x, 16, kernel: 3, group: group, "conv")
        for (index, op) in chain.enumerated() {
          switch op {
          case "Add", "Mul": value = graph.add(OpName(op), [value, y], name: "\(op)\(index)")
          case "Sub": value = graph.add("Sub", [y, value], name: "\(op)\(index)")
          case "Clip":
            let low = graph.addInitializer("low\(index)", Tensor(scalar: Float(-0.5)))
            let high = graph.addInitializer("high\(index)", Tensor(scalar: Float(6)))
            value = graph.add("Clip", [value, low, high], name: "\(op)\(index)")
          default: value = graph.add(OpName(op), [value], name: "\(op)\(index)")
          }
        }
        return value
      }
    }
  }

  @Test("images between kernels that know how they lie and kernels that do not") func layouts() throws {
    try check([1, 16, 6, 5]) { graph, x, y in
      let first = convolve(&graph, x, 16, kernel: 3, "first")
      let second = convolve(&graph, y, 16, "second")
      let sum = graph.add("Add", [first, second], name: "sum")
      let scale = graph.addInitializer("scale", KernelCase.numbers([16, 1, 1], seed: 7))
      let scaled = graph.add("Mul", [sum, scale], name: "scaled")
      let plain = graph.add("Add", [scaled, x], name: "plain")
      let root = graph.add("Tanh", [plain], name: "root")
      let turned = graph.add("Transpose", [root], ["perm": .ints([0, 2, 3, 1])], name: "turned")
      let back = graph.add("Transpose", [turned], ["perm": .ints([0, 3, 1, 2])], name: "back")
      return convolve(&graph, back, 16, kernel: 3, "third")
    }
  }
}
