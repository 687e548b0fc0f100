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

  @Test func constantNodesAndDefaultsAreConstantsToABackend() throws {
    var watched: Set<ValueID> = []
    let graph = Graph.build { rewriter in
      let two = rewriter.add("Two", [], name: "two")
      let other = rewriter.addInput("other", vector, default: Tensor([3] as [Float]))
      watched = [two, other]
      rewriter.addOutput("y", rewriter.add("Same", [rewriter.add("Add", [two, other], name: "sum")], name: "same"))
    }
    let (log, seen) = (Recorder(), Recorder())
    let executor = try executor(graph, backends: [ConstantSpy(log: log)])
    let tap = StatisticsTap(watched) { (_, tensor) throws(OpError) in seen.add("saw", tensor.floats ?? []) }
    #expect(try executor.run([:], tap: tap)["y"]?.floats == [5])
    #expect(seen.all == ["saw [3.0]", "saw [2.0]"])
    #expect(try executor.run(["other": Tensor([4] as [Float])])["y"]?.floats == [6])
    // A plan for runs that watch nothing was made first, and never run.
    #expect(
      log.all == [
        "Two []", "Two []", "Add [true, true]", "Same [false]", "Two []", "Add [true, false]", "Same [false]",
      ])
  }
}

/// Does nothing, and tells which operands are constants.
private struct ConstantSpy: Backend {
  static let name = "spy"
  let log: Recorder

  func kernel(for request: KernelRequest) throws(OpError) -> (any Kernel)? {
    log.add("\(request.op) \(request.constants.map { $0 != nil })")
    return nil
  }
}
