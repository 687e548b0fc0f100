internal import COneDNN
internal import DecantIR
internal import DecantRuntime

/// Softmax along one axis of a plain tensor.
struct SoftmaxKernel: Kernel {
  private let primitive: Primitive
  private let layout: Layout
  private let shape: [Int]

  static let make: OneDNNBackend.Maker = { request throws(OpError) in
    guard let input = request.operand(0), input.rank >= 1 else { return nil }
    let axis = try normalizeAxis(request.attributes.int("axis", default: -1), rank: input.rank)
    // Three axes say it all: before, along, after.
    let extents = [
      input.shape[..<axis].reduce(1, *), input.shape[axis], input.shape[(axis + 1)...].reduce(1, *),
    ]
    let layout = try Layout.dense(extents)
    let primitive = try Primitive.make(threads: Primitive.threads(request.threads, elements: extents)) {
      made, threads in
      unsafe decant_dnnl_softmax(&made, threads, 0, 1, layout.pointer)
    }
    return primitive.map { SoftmaxKernel(primitive: $0, layout: layout, shape: input.shape) }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let content = Content.tensor(try call.operand(0).plain().aligned, layout)
    return [.plain(try primitive.plainResult([.source(content)], shape: shape, byteLimit: call.byteLimit))]
  }
}
