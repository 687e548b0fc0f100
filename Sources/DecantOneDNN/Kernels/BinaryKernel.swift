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

  static let add: OneDNNBackend.Maker = { request throws(OpError) in
    try make(request, dnnl_binary_add) { constant, _ in (1, constant) }
  }
  static let subtract: OneDNNBackend.Maker = { request throws(OpError) in
    try make(request, dnnl_binary_sub) { constant, isFirst in isFirst ? (-1, constant) : (1, -constant) }
  }
  static let multiply: OneDNNBackend.Maker = { request throws(OpError) in
    try make(request, dnnl_binary_mul) { constant, _ in (constant, 0) }
  }
  static let divide: OneDNNBackend.Maker = { request throws(OpError) in
    try make(request, dnnl_binary_div) { _, _ in nil }
  }

  /// `line` says what the operation with a constant scalar is as `a·x + b`.
  private static func make(
    _ request: KernelRequest, _ algorithm: dnnl_alg_kind_t,
    line: (_ constant: Float, _ isFirst: Bool) -> (Float, Float)?
  ) throws(OpError) -> (any Kernel)? {
    guard let a = request.operand(0), let b = request.operand(1) else { return nil }
    if a.shape == b.shape {
      return BinaryKernel(
        algorithm: algorithm, shape: a.shape, threads: request.threads, reorders: Reorders(threads: request.threads))
    }
    for (constant, other) in [(1, a), (0, b)] {
      guard let tensor = request.constant(constant), tensor.elementCount == 1, tensor.rank <= other.rank,
        let scalar = tensor.floats?.first, let (slope, offset) = line(scalar, constant == 0)
      else { continue }
      return ElementwiseKernel(
        request, dnnl_eltwise_linear, slope, offset, operand: 1 - constant, absorbed: [constant])
    }
    let commutes = algorithm == dnnl_binary_add || algorithm == dnnl_binary_mul
    return try BroadcastKernel(request, algorithm, commutes: commutes)
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
      try Primitive.make(threads: threads) { made, threads in
        unsafe withUnsafePointer(to: layout.description) { layout in
          unsafe decant_dnnl_binary(&made, threads, algorithm, layout, layout, layout)
        }
      }
    }
    guard let found else { throw OpError("oneDNN does not take this layout", kind: .unsupported) }
    return found
  }
}
