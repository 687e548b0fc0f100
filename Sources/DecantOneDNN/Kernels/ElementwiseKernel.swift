internal import COneDNN
internal import DecantIR
internal import DecantRuntime

/// A function of each element, in whatever layout the operand has.
struct ElementwiseKernel: Kernel {
  let absorbed: Set<Int>
  let takesLayouts = true
  private let algorithm: dnnl_alg_kind_t
  private let alpha: Float
  private let beta: Float
  /// Which operand holds the elements.
  private let operand: Int
  private let shape: [Int]
  private let threads: Int
  private let primitives = LayoutTable()

  init?(
    _ request: KernelRequest, _ algorithm: dnnl_alg_kind_t, _ alpha: Float = 0, _ beta: Float = 0, operand: Int = 0,
    absorbed: Set<Int> = []
  ) {
    guard let type = request.operand(operand) else { return nil }
    self.algorithm = algorithm
    self.alpha = alpha
    self.beta = beta
    self.operand = operand
    self.absorbed = absorbed
    shape = type.shape
    threads = request.threads
  }

  static let relu: OneDNNBackend.Maker = { request throws(OpError) in ElementwiseKernel(request, dnnl_eltwise_relu) }
  static let sigmoid: OneDNNBackend.Maker = { request throws(OpError) in
    ElementwiseKernel(request, dnnl_eltwise_logistic)
  }
  static let tanh: OneDNNBackend.Maker = { request throws(OpError) in ElementwiseKernel(request, dnnl_eltwise_tanh) }
  static let hardSwish: OneDNNBackend.Maker = { request throws(OpError) in
    ElementwiseKernel(request, dnnl_eltwise_hardswish)
  }
  static let leakyRelu: OneDNNBackend.Maker = { request throws(OpError) in
    ElementwiseKernel(request, dnnl_eltwise_relu, request.attributes.float("alpha", default: 0.01))
  }
  static let elu: OneDNNBackend.Maker = { request throws(OpError) in
    ElementwiseKernel(request, dnnl_eltwise_elu, request.attributes.float("alpha", default: 1))
  }
  static let clip: OneDNNBackend.Maker = { request throws(OpError) in
    func bound(_ index: Int, _ fallback: Float) -> Float? {
      guard request.operand(index) != nil else { return fallback }
      return request.constant(index)?.floats?.first
    }
    let limit = Float.greatestFiniteMagnitude
    guard let lower = bound(1, -limit), let upper = bound(2, limit), lower <= upper else { return nil }
    return ElementwiseKernel(request, dnnl_eltwise_clip, lower, upper, absorbed: [1, 2])
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let operand = try call.operand(operand)
    // A plain operand is one long vector.
    let flat: [Int]? = if case .plain = operand { [shape.reduce(1, *)] } else { nil }
    let content = try Reorders.content(operand, shape: flat)
    guard let primitive = try primitive(for: content.layout) else {
      throw OpError("oneDNN does not take this layout", kind: .unsupported)
    }
    if flat != nil {
      return [.plain(try primitive.plainResult([.source(content)], shape: shape, byteLimit: call.byteLimit))]
    }
    return [try primitive.result([.source(content)], shape: shape, byteLimit: call.byteLimit, threads: threads)]
  }

  private func primitive(for layout: Layout) throws(OpError) -> Primitive? {
    try primitives.find(layout) { () throws(OpError) in
      try Primitive.make(threads: threads) { made, threads in
        unsafe withUnsafePointer(to: layout.description) { layout in
          unsafe decant_dnnl_eltwise(&made, threads, algorithm, alpha, beta, layout)
        }
      }
    }
  }
}
