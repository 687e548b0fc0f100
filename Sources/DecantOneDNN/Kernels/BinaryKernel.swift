internal import COneDNN
internal import DecantIR
internal import DecantRuntime

/// A function of two tensors of one shape, in whatever layout they have; with a constant scalar it is a line.
struct BinaryKernel: Kernel {
  let takesLayouts = true
  private let algorithm: dnnl_alg_kind_t
  private let shape: [Int]
  private let threads: Int
  private let reorders: Reorders
  private let primitives = LayoutTable()

  /// The kernel of an operator that ``PairFunction`` knows.
  static let make: OneDNNBackend.Maker = { request throws(OpError) in
    guard let function = PairFunction.known[request.op] else { return nil }
    return try make(request, function)
  }

  private static func make(_ request: KernelRequest, _ function: PairFunction) throws(OpError) -> (any Kernel)? {
    guard let a = request.operand(0), let b = request.operand(1) else { return nil }
    if a.shape == b.shape {
      return BinaryKernel(
        algorithm: function.algorithm, shape: a.shape, threads: request.threads,
        reorders: Reorders(threads: request.threads))
    }
    for (constant, other) in [(1, a), (0, b)] {
      guard let tensor = request.constant(constant), tensor.elementCount == 1, tensor.rank <= other.rank,
        let scalar = tensor.floats?.first, let line = function.function(with: scalar, isFirst: constant == 0)
      else { continue }
      return ElementwiseKernel(request, line, operand: 1 - constant, absorbed: [constant])
    }
    return try BroadcastKernel(request, function.algorithm, commutes: function.commutes)
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let (a, b) = (try call.operand(0), try call.operand(1))
    if case .plain = a, case .plain = b {
      let flat = [shape.reduce(1, *)]
      let (x, y) = (try Reorders.content(a, shape: flat), try Reorders.content(b, shape: flat))
      let primitive = try primitive(for: x.layout)
      return [.plain(try primitive.plainResult([.source(x), .second(y)], shape: shape, byteLimit: call.byteLimit))]
    }
    // The operand that is laid out decides; the first where both are.
    let leader: RuntimeTensor = if case .laidOut = a { a } else { b }
    let layout = try Reorders.content(leader).layout
    let arguments: [Primitive.Argument] = [
      .source(try reorders.place(a, layout)), .second(try reorders.place(b, layout)),
    ]
    return [
      try primitive(for: layout).result(arguments, shape: shape, byteLimit: call.byteLimit, threads: threads)
    ]
  }

  private func primitive(for layout: Layout) throws(OpError) -> Primitive {
    let found = try primitives.find(layout) { () throws(OpError) in
      try Primitive.make(threads: Primitive.threads(threads, elements: shape)) { made, threads in
        unsafe decant_dnnl_binary(&made, threads, algorithm, layout.pointer, layout.pointer, layout.pointer)
      }
    }
    guard let found else { throw OpError("oneDNN does not take this layout", kind: .unsupported) }
    return found
  }
}
