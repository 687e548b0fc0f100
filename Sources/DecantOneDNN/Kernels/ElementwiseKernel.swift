internal import COneDNN
internal import DecantIR
internal import DecantRuntime

/// A function of each element, in whatever layout the operand has.
struct ElementwiseKernel: Kernel {
  let absorbed: Set<Int>
  let takesLayouts = true
  private let function: ElementFunction
  /// Which operand holds the elements.
  private let operand: Int
  private let shape: [Int]
  private let threads: Int
  private let primitives = LayoutTable()

  init?(_ request: KernelRequest, _ function: ElementFunction, operand: Int = 0, absorbed: Set<Int> = []) {
    guard let type = request.operand(operand) else { return nil }
    self.function = function
    self.operand = operand
    self.absorbed = absorbed
    shape = type.shape
    threads = request.threads
  }

  /// The kernel of an operator that ``ElementFunction`` knows.
  static let make: OneDNNBackend.Maker = { request throws(OpError) in
    let function = ElementFunction(request.op, request.attributes) { index in
      guard request.operand(index) != nil else { return .absent }
      return request.constant(index)?.floats?.first.map { .constant($0) } ?? .computed
    }
    return function.flatMap { ElementwiseKernel(request, $0, absorbed: Set(1..<max(1, request.operands.count))) }
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
      try Primitive.make(threads: Primitive.threads(threads, elements: shape)) { made, threads in
        unsafe decant_dnnl_eltwise(
          &made, threads, function.algorithm, function.alpha, function.beta, layout.pointer)
      }
    }
  }
}
