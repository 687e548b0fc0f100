import DecantIR
import DecantRuntime
import Testing

/// Negates in a layout of its own, and tells what it is asked.
private struct OddBackend: Backend {
  static let name = "odd"
  let log: Recorder

  func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)? {
    log.add("asked \(request.op) \(request.operands.map { $0?.description ?? "-" })")
    return request.op == "Negate" ? OddKernel(log: log) : nil
  }
}

private final class Payload: Sendable {
  let values: [Float]
  init(_ values: [Float]) { self.values = values }
}

private struct OddKernel: Kernel {
  let log: Recorder
  let takesLayouts = true

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let operand = try call.operand(0)
    let values: [Float]
    switch operand {
    case .plain(let tensor): values = tensor.floats ?? []
    case .laidOut(let tensor): values = (tensor.content as? Payload)?.values ?? []
    }
    let payload = Payload(values.map { -$0 })
    let shape = operand.shape
    let log = log
    return [
      .laidOut(
        LaidOutTensor(type: ConcreteType(.float32, shape), byteCount: values.count * 4, content: payload) {
          () throws(OpError) in
          log.add("unpacked")
          return Tensor(payload.values, shape: shape)
        })
    ]
  }
}

@Suite struct BackendTests {
  @Test func layoutsStayUntilSomebodyNeedsThemPlain() throws {
    let graph = Graph.build { rewriter in
      var value = rewriter.addInput("x", vector)
      for index in 0..<4 { value = rewriter.add("Negate", [value], name: "n\(index)") }
      let same = rewriter.add("Same", [value], name: "s")
      rewriter.addOutput("y", rewriter.add("Add", [same, value], name: "t"))
    }
    let log = Recorder()
    let executor = try executor(graph, backends: [OddBackend(log: log)])
    #expect(try executor.run(["x": Tensor([1] as [Float])])["y"]?.floats == [2])
    #expect(log.all.filter { $0 == "unpacked" }.count == 1)
  }

  @Test func kernelsAreMadeOncePerShape() throws {
    let graph = Graph.build { rewriter in
      let x = rewriter.addInput("x", vector)
      rewriter.addOutput("y", rewriter.add("Negate", [x], name: "n"))
    }
    let log = Recorder()
    let executor = try executor(graph, backends: [OddBackend(log: log)])
    for count in [1, 2, 1, 2, 2] {
      _ = try executor.run(["x": Tensor([Float](repeating: 1, count: count))])
    }
    #expect(log.all.filter { $0.hasPrefix("asked") } == ["asked Negate [\"f32[1]\"]", "asked Negate [\"f32[2]\"]"])
  }
}
