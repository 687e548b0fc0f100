internal import COneDNN
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// A convolution or its transpose; constant weights are packed once.
struct ConvolutionKernel: Kernel {
  let absorbed: Set<Int>
  let takesLayouts = true
  private let primitive: Primitive
  private let shape: [Int]
  private let weights: Weights
  private let bias: Content?
  private let hasBias: Bool
  private let steps: PostOps
  private let firstExtra: Int
  private let reorders: Reorders
  private let threads: Int

  private enum Weights: Sendable {
    case packed(Content)
    /// Given with each call, in this layout.
    case given(Layout)
  }

  static let forward: OneDNNBackend.Maker = { request throws(OpError) in try make(request, transposed: false) }
  static let transposed: OneDNNBackend.Maker = { request throws(OpError) in try make(request, transposed: true) }
  static let fused: OneDNNBackend.FusedMaker = { request throws(OpError) in
    try make(request.root, fused: request, transposed: false)
  }

  private static func make(
    _ request: KernelRequest, fused: FusedRequest? = nil, transposed: Bool
  ) throws(OpError) -> (any Kernel)? {
    guard let input = request.operand(0), let weight = request.operand(1), (3...5).contains(input.rank),
      weight.rank == input.rank
    else { return nil }
    let group = request.attributes.int("group", default: 1)
    guard let geometry = try Geometry(input.shape, weight.shape, group, request.attributes, transposed: transposed)
    else { return nil }
    guard Layout.fits(geometry.output) else { return nil }
    if let bias = request.operand(2), bias.shape != [geometry.output[1]] { return nil }
    var steps = PostOps.none
    if let fused {
      guard let made = try PostOps(fused, place: { (shape) throws(OpError) in try geometry.place(shape) }) else {
        return nil
      }
      steps = made
    }
    return try ConvolutionKernel(
      request, geometry, transposed: transposed, steps, firstExtra: fused?.place(ofExtra: 0) ?? 0)
  }

  private init?(
    _ request: KernelRequest, _ geometry: Geometry, transposed: Bool, _ steps: PostOps, firstExtra: Int
  ) throws(OpError) {
    let (source, destination) = (try Layout.any(geometry.input), try Layout.any(geometry.output))
    let anyWeights = try Layout.any(geometry.weights)
    hasBias = request.operand(2) != nil
    let biasLayout = hasBias ? try Layout.dense([geometry.output[1]]) : nil
    let area = geometry.weights.reduce(1, *) / max(1, geometry.output[1])
    let useful = Primitive.threads(request.threads, operations: geometry.output.reduce(2, *), area)
    let made = try Primitive.make(threads: useful) { made, threads in
      unsafe withUnsafePointer(to: geometry.window.value) { window in
        unsafe steps.withC { steps in
          unsafe decant_dnnl_convolution(
            &made, threads, transposed ? 1 : 0, window, source.pointer, anyWeights.pointer, biasLayout?.pointer,
            destination.pointer, steps)
        }
      }
    }
    guard let made else { return nil }
    primitive = made
    self.steps = steps
    self.firstExtra = firstExtra
    shape = geometry.output
    reorders = Reorders(threads: request.threads)
    threads = request.threads
    var absorbed: Set<Int> = []
    let given = try Layout.strided(geometry.weights, geometry.weightStrides)
    if let constant = request.constant(1) {
      let packed = try reorders.convert(.tensor(constant.aligned, given), to: made.weights)
      weights = .packed(packed)
      absorbed.insert(1)
    } else {
      weights = .given(given)
    }
    if let constant = request.constant(2), let biasLayout {
      bias = .tensor(constant.aligned, biasLayout)
      absorbed.insert(2)
    } else {
      bias = nil
    }
    self.absorbed = absorbed
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    var arguments = [Primitive.Argument.source(try reorders.place(call.operand(0), primitive.source))]
    switch weights {
    case .packed(let content): arguments.append(.weights(content))
    case .given(let layout):
      let content = Content.tensor(try call.operand(1).plain().aligned, layout)
      arguments.append(.weights(try reorders.convert(content, to: primitive.weights)))
    }
    if let bias {
      arguments.append(.bias(bias))
    } else if hasBias {
      arguments.append(.bias(try Reorders.content(.plain(try call.operand(2).plain()))))
    }
    arguments += try steps.arguments(call, primitive, offset: firstExtra, reorders)
    return [try primitive.result(arguments, shape: shape, byteLimit: call.byteLimit, threads: threads)]
  }
}

/// The extents of a convolution as oneDNN sees them.
struct Geometry {
  let input: [Int]
  let output: [Int]
  /// `[out, in, …]`, or `[group, out, in, …]`.
  let weights: [Int]
  let weightStrides: [Int]
  let window: WindowArguments

  /// Nil where the shapes do not fit each other: the reference kernel says why.
  init?(
    _ input: [Int], _ weight: [Int], _ group: Int, _ attributes: Attributes, transposed: Bool
  ) throws(OpError) {
    let channels = weight[transposed ? 0 : 1]
    guard group >= 1, weight[0] % group == 0, input[1] == (transposed ? channels : channels * group) else { return nil }
    let kernel = Array(weight[2...])
    let spatial = Array(input[2...])
    let (axes, outputs): ([Window.Axis], [Int])
    if transposed {
      let window = try TransposedWindowRule(attributes, kernel: kernel).resolve(spatial)
      axes = window.axes
      outputs = window.axes.map(\.input)
    } else {
      axes = try WindowRule(attributes, kernel: kernel).resolve(spatial).axes
      outputs = axes.map(\.output)
    }
    guard let window = WindowArguments(axes), !outputs.contains(where: { $0 < 1 }) else { return nil }
    self.window = window
    self.input = input
    let area = kernel.reduce(1, *)
    var inner = [Int](repeating: 1, count: kernel.count)
    for axis in kernel.indices.dropLast().reversed() { inner[axis] = inner[axis + 1] * kernel[axis + 1] }
    // ONNX keeps `[out, in / group, …]`, and `[in, out / group, …]` for the transpose.
    let (outer, second) = (weight[0] / group, weight[1])
    let (out, into) = transposed ? (second, outer) : (outer, second)
    let (outStride, intoStride) = transposed ? (area, second * area) : (second * area, area)
    weights = (group > 1 ? [group] : []) + [out, into] + kernel
    weightStrides = (group > 1 ? [outer * second * area] : []) + [outStride, intoStride] + inner
    output = [input[0], out * group] + outputs
  }

  /// How the convolution sees a tensor of `shape` that is combined with its result: one that is as large, in a layout of
  /// oneDNN's choice, or one with an element for each channel.
  func place(_ shape: [Int]) throws(OpError) -> (shape: [Int], layout: Layout)? {
    guard shape.count <= output.count else { return nil }
    let padded = [Int](repeating: 1, count: output.count - shape.count) + shape
    if padded == output { return (output, try .any(output)) }
    guard padded[1] == output[1], padded.enumerated().allSatisfy({ $0 == 1 || $1 == 1 }) else { return nil }
    return (padded, try .dense(padded))
  }
}
