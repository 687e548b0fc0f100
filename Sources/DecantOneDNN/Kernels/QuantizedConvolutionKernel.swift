internal import COneDNN
internal import DecantBytes
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// `QLinearConv` of constant weights, bit for bit as the definition: sums are exact, and what oneDNN does with them in floats is
/// done only where it rounds once.
///
/// Images keep their channels innermost from one kernel on codes to the next.
struct QuantizedConvolutionKernel: Kernel {
  let absorbed: Set<Int> = Set(1...8)
  let takesLayouts = true
  private let primitive: Primitive
  private let weights: Content
  private let bias: Content?
  private let source: Layout
  /// Of the result, with the channels innermost.
  private let shape: [Int]
  private let type: DataType

  static let make: OneDNNBackend.Maker = { request throws(OpError) in
    guard let x = request.operand(0), (3...5).contains(x.rank), let weight = request.constant(3),
      weight.rank == x.rank, Layout.fits(x.shape), Layout.fits(weight.shape),
      let parameters = QuantizedConvolution(request),
      let geometry = try Geometry(
        x.shape, weight.shape, request.attributes.int("group", default: 1), request.attributes, transposed: false),
      Layout.fits(geometry.output)
    else { return nil }
    return try QuantizedConvolutionKernel(parameters, geometry, request)
  }

  private init?(
    _ parameters: QuantizedConvolution, _ geometry: Geometry, _ request: KernelRequest
  ) throws(OpError) {
    source = try .channelsLast(geometry.input, parameters.sourceType)
    let destination = try Layout.channelsLast(geometry.output, parameters.targetType)
    let anyWeights = try Layout.any(geometry.weights, dnnl_s8)
    let biasLayout = parameters.bias == nil ? nil : try Layout.dense([geometry.output[1]], dnnl_s32)
    let plainSource = source
    let made = try Primitive.make(threads: request.threads) { made, threads in
      unsafe withUnsafePointer(to: geometry.window.value) { window in
        unsafe parameters.factors.withUnsafeBufferPointer { factors in
          var how = unsafe decant_quantization(
            count: Int32(factors.count), scales: factors.baseAddress, source_zero: Int32(parameters.sourceZero),
            target_zero: Int32(parameters.targetZero))
          return unsafe decant_dnnl_quantized_convolution(
            &made, threads, window, plainSource.pointer, anyWeights.pointer, biasLayout?.pointer, destination.pointer,
            &how)
        }
      }
    }
    guard let made else { return nil }
    primitive = made
    let given = try Layout.strided(geometry.weights, geometry.weightStrides, dnnl_s8)
    weights = try Reorders(threads: request.threads).convert(
      .tensor(Tensor(parameters.weights), given), to: made.weights)
    if let bias = parameters.bias, let biasLayout {
      self.bias = .tensor(Tensor(bias), biasLayout)
    } else {
      bias = nil
    }
    shape = [geometry.output[0]] + geometry.output[2...] + [geometry.output[1]]
    type = parameters.targetType == dnnl_s8 ? .int8 : .uint8
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    let codes = try ChannelsLast.tensor(call.operand(0))
    var arguments = [Primitive.Argument.source(.tensor(codes, source)), .weights(weights)]
    if let bias { arguments.append(.bias(bias)) }
    let count = try Tensor.byteCount(type, shape: shape)
    guard count <= call.byteLimit else {
      throw OpError(
        "a result of \(type)\(shape) needs \(count) bytes, more than the \(call.byteLimit) allowed", kind: .overBudget)
    }
    let bytes = try ByteSlice(count: count) { (result) throws(OpError) in
      try primitive.run(arguments, into: &result)
    }
    return [ChannelsLast(try Tensor(type, shape: shape, bytes: bytes)).runtime]
  }
}
