internal import COneDNN
internal import DecantIR
internal import DecantRuntime

/// Batch normalization with constant statistics, in whatever layout the operand has.
struct NormalizationKernel: Kernel {
  let absorbed: Set<Int> = [1, 2, 3, 4]
  let takesLayouts = true
  private let epsilon: Float
  private let shape: [Int]
  private let constants: [Primitive.Argument]
  private let threads: Int
  private let primitives = LayoutTable()

  static let make: OneDNNBackend.Maker = { request throws(OpError) in
    guard let input = request.operand(0), (2...5).contains(input.rank), request.wanted.count == 1,
      request.attributes.int("training_mode", default: 0) == 0,
      let scale = request.constant(1), let shift = request.constant(2), let mean = request.constant(3),
      let variance = request.constant(4)
    else { return nil }
    let statistics = [scale, shift, mean, variance]
    guard statistics.allSatisfy({ $0.shape == [input.shape[1]] }) else { return nil }
    return try NormalizationKernel(request, input, statistics)
  }

  private init(_ request: KernelRequest, _ input: ConcreteType, _ statistics: [Tensor]) throws(OpError) {
    epsilon = request.attributes.float("epsilon", default: 1e-5)
    shape = input.shape
    threads = request.threads
    let layout = try Layout.dense([input.shape[1]])
    let contents = statistics.map { Content.tensor($0.aligned, layout) }
    constants = [.scale(contents[0]), .shift(contents[1]), .mean(contents[2]), .variance(contents[3])]
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let content = try Reorders.content(call.operand(0))
    guard let primitive = try primitive(for: content.layout) else {
      throw OpError("oneDNN does not take this layout", kind: .unsupported)
    }
    return [
      try primitive.result(
        [.source(content)] + constants, shape: shape, byteLimit: call.byteLimit, threads: threads)
    ]
  }

  private func primitive(for layout: Layout) throws(OpError) -> Primitive? {
    try primitives.find(layout) { () throws(OpError) in
      try Primitive.make(threads: Primitive.threads(threads, elements: shape)) { made, threads in
        unsafe decant_dnnl_batch_normalization(&made, threads, epsilon, layout.pointer)
      }
    }
  }
}
