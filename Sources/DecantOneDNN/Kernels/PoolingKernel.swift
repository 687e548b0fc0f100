internal import COneDNN
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// Pooling over windows or whole planes.
struct PoolingKernel: Kernel {
  let takesLayouts = true
  private let algorithm: dnnl_alg_kind_t
  private let window: WindowArguments
  private let input: [Int]
  private let shape: [Int]
  private let threads: Int
  private let primitives: LayoutTable

  static let maximum: OneDNNBackend.Maker = { request throws(OpError) in try make(request, dnnl_pooling_max) }
  static let average: OneDNNBackend.Maker = { request throws(OpError) in
    let withPadding = request.attributes.int("count_include_pad", default: 0) != 0
    // A window that only a ceiling admits counts its padding up to the declared end; oneDNN counts all of it.
    if withPadding, request.attributes.int("ceil_mode", default: 0) != 0 { return nil }
    return try make(request, withPadding ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding)
  }
  static let globalMaximum: OneDNNBackend.Maker = { request throws(OpError) in
    try make(request, dnnl_pooling_max, global: true)
  }
  static let globalAverage: OneDNNBackend.Maker = { request throws(OpError) in
    try make(request, dnnl_pooling_avg_exclude_padding, global: true)
  }

  private static func make(
    _ request: KernelRequest, _ algorithm: dnnl_alg_kind_t, global: Bool = false
  ) throws(OpError) -> (any Kernel)? {
    guard let input = request.operand(0), (3...5).contains(input.rank), request.wanted.count == 1 else { return nil }
    let spatial = Array(input.shape[2...])
    guard let kernel = global ? spatial : request.attributes.ints("kernel_shape") else { return nil }
    let axes = try WindowRule(global ? [:] : request.attributes, kernel: kernel).resolve(spatial).axes
    let outputs = axes.map(\.output)
    let shape = Array(input.shape[..<2]) + outputs
    guard let window = WindowArguments(axes), Layout.fits(shape) else { return nil }
    let made = PoolingKernel(
      algorithm: algorithm, window: window, input: input.shape, shape: shape,
      threads: request.threads, primitives: LayoutTable())
    return try made.primitive(for: .dense(input.shape)) == nil ? nil : made
  }

  /// Pooling keeps the layout of its operand.
  private func primitive(for source: Layout) throws(OpError) -> Primitive? {
    try primitives.find(source) { () throws(OpError) in
      let destination = try Layout.any(shape)
      return try Primitive.make(threads: Primitive.threads(threads, elements: input)) { made, threads in
        unsafe withUnsafePointer(to: window.value) { window in
          unsafe decant_dnnl_pooling(&made, threads, algorithm, window, source.pointer, destination.pointer)
        }
      }
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    var content = try Reorders.content(call.operand(0))
    var found = try primitive(for: content.layout)
    if found == nil {
      content = try Reorders.content(.plain(call.operand(0).plain()))
      found = try primitive(for: content.layout)
    }
    guard let primitive = found else { throw OpError("oneDNN has no such pooling", kind: .unsupported) }
    return [try primitive.result([.source(content)], shape: shape, byteLimit: call.byteLimit, threads: threads)]
  }
}
