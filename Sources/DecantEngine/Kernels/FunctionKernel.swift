internal import CKernels
internal import DecantIR
internal import DecantRuntime

/// A function of each element of a float32 tensor, perhaps after adding a bias along its last axis.
struct FunctionKernel: Kernel {
  let absorbed: Set<Int>
  let takesLayouts = true
  private let function: decant_function
  private let parameter: Float
  private let type: ConcreteType
  /// The operand that is the bias; nil when there is none.
  private let bias: Int?
  private let threads: Int

  /// Copying an element costs about a tenth.
  private static let cost = 8

  private init?(
    _ request: KernelRequest, _ function: decant_function, parameter: Float = 1, bias: Int? = nil,
    absorbed: Set<Int> = []
  ) {
    guard let type = request.operand(0, of: .float32) else { return nil }
    if let bias, request.operand(bias) != nil {
      guard type.rank >= 1, request.isAbsent(bias, orOf: type.shape.suffix(1)) else { return nil }
      self.bias = bias
    } else {
      self.bias = nil
    }
    self.function = function
    self.parameter = parameter
    self.type = type
    self.absorbed = absorbed
    threads = request.threads
  }

  /// The maker for a function without attributes.
  static func make(_ function: decant_function, bias: Int? = nil) -> NativeBackend.Maker {
    { (request) throws(OpError) in FunctionKernel(request, function, bias: bias) }
  }

  static let gelu: NativeBackend.Maker = { (request) throws(OpError) in
    switch request.attributes.string("approximate") ?? "none" {
    case "none": FunctionKernel(request, DECANT_GELU)
    case "tanh": FunctionKernel(request, DECANT_GELU_BY_TANH)
    default: nil
    }
  }

  /// `alpha` is `fallback` where it is not given.
  static func swish(alpha fallback: Float) -> NativeBackend.Maker {
    { (request) throws(OpError) in
      FunctionKernel(request, DECANT_SWISH, parameter: request.attributes.float("alpha", default: fallback))
    }
  }

  /// Powers that are something simpler.
  static let power: NativeBackend.Maker = { (request) throws(OpError) in
    guard let exponent = request.constant(1), exponent.elementCount == 1, let base = request.operand(0),
      exponent.rank <= base.rank
    else { return nil }
    switch exponent.floats?.first {
    case 2: return FunctionKernel(request, DECANT_SQUARE, absorbed: [1])
    case 0.5: return FunctionKernel(request, DECANT_SQUARE_ROOT, absorbed: [1])
    case -1: return FunctionKernel(request, DECANT_RECIPROCAL, absorbed: [1])
    default: return nil
    }
  }

  func run(_ call: KernelCall) throws(OpError) -> [RuntimeTensor] {
    guard let bias else {
      let images = ChannelsLast.of(try call.operand(0))
      let x = if let images { try Source(images.tensor) } else { try call.source(0) }
      let result = try call.make(images.map { ConcreteType(.float32, $0.tensor.shape) } ?? type, from: [x]) { target in
        Shares.forEach(type.shape.reduce(1, *), cost: FunctionKernel.cost, threads: threads) { range in
          unsafe decant_map_f32(
            function, parameter, x.floats(at: range.lowerBound), nil, 1, range.count,
            target.floats(at: range.lowerBound))
        }
      }
      return [images == nil ? result : ChannelsLast(try result.plain()).runtime]
    }
    let x = try call.source(0)
    let addend = try call.source(bias)
    let width = type.shape[type.rank - 1]
    let result = try call.make(type, from: [x, addend]) { target in
      Shares.forEach(type.shape.dropLast().reduce(1, *), cost: width * FunctionKernel.cost, threads: threads) { rows in
        let start = rows.lowerBound * width
        unsafe decant_map_f32(
          function, parameter, x.floats(at: start), addend.floats(), rows.count, width, target.floats(at: start))
      }
    }
    return [result]
  }
}
