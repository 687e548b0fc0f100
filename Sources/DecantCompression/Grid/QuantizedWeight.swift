public import DecantIR

/// A constant as codes, with its scales and zero points: one of each, or one for each channel along `axis`.
public struct QuantizedWeight: Sendable {
  /// The codes, in the shape of the source.
  public let codes: Tensor
  /// One, or one for each channel.
  public let parameters: [AffineParameters]
  /// The axis of the channels; nil for one scale in all.
  public let axis: Int?

  /// Chooses scales for `weight` from its own extremes.
  ///
  /// - Throws: ``OpError`` when a value is not finite, naming its index, or the type is not float32.
  public static func fit(
    _ weight: Tensor, grid: IntegerGrid, symmetric: Bool, axis: Int?
  ) throws(OpError) -> [AffineParameters] {
    let ranges = try channelRanges(of: weight, axis: axis)
    return ranges.map { AffineParameters(range: $0, grid: grid, symmetric: symmetric) }
  }

  /// Rounds `weight` onto codes with the given parameters.
  ///
  /// - Throws: ``OpError`` when the type is not float32.
  public init(
    _ weight: Tensor, grid: IntegerGrid, parameters: [AffineParameters], axis: Int?
  ) throws(OpError) {
    let tensor = weight.aligned
    guard tensor.dataType == .float32, tensor.bytes != nil else {
      throw OpError("expected float32 data to quantize, got \(weight.dataType)", kind: .unsupported)
    }
    codes =
      switch grid.type {
      case .int8: QuantizedWeight.round(tensor, grid, parameters, axis) { Int8(truncatingIfNeeded: $0) }
      case .uint8: QuantizedWeight.round(tensor, grid, parameters, axis) { UInt8(truncatingIfNeeded: $0) }
      case .int16: QuantizedWeight.round(tensor, grid, parameters, axis) { Int16(truncatingIfNeeded: $0) }
      case .uint16: QuantizedWeight.round(tensor, grid, parameters, axis) { UInt16(truncatingIfNeeded: $0) }
      default: throw OpError("weights of type \(grid.type) are not supported here", kind: .unsupported)
      }
    self.parameters = parameters
    self.axis = axis
  }

  private static func round<Code: TensorElement>(
    _ tensor: Tensor, _ grid: IntegerGrid, _ parameters: [AffineParameters], _ axis: Int?,
    _ convert: (Int) -> Code
  ) -> Tensor {
    let source = tensor.span(of: Float.self)
    let channels = ChannelLayout(shape: tensor.shape, axis: axis)
    return Tensor(of: Code.self, shape: tensor.shape) { span in
      channels.forEachRun { channel, run in
        let parameter = parameters[channel]
        for index in run { span[index] = convert(parameter.code(of: source[index], grid: grid)) }
      }
    }
  }

  private static func channelRanges(of weight: Tensor, axis: Int?) throws(OpError) -> [TensorRange] {
    let tensor = weight.aligned
    guard tensor.dataType == .float32, tensor.bytes != nil else {
      throw OpError("expected float32 data to quantize, got \(weight.dataType)", kind: .unsupported)
    }
    let source = tensor.span(of: Float.self)
    let channels = ChannelLayout(shape: tensor.shape, axis: axis)
    var ranges = [TensorRange?](repeating: nil, count: channels.count)
    var broken: Int?
    channels.forEachRun { channel, run in
      guard !run.isEmpty else { return }
      var (low, high, sum) = (source[run.lowerBound], source[run.lowerBound], Float(0))
      for index in run {
        let value = source[index]
        low = min(low, value)
        high = max(high, value)
        sum += value * 0
      }
      if sum != 0, broken == nil { broken = run.first { !source[$0].isFinite } }
      ranges[channel] =
        ranges[channel].map { TensorRange(min($0.low, low), max($0.high, high)) } ?? TensorRange(low, high)
    }
    if let broken {
      throw OpError("the element \(broken) is \(source[broken]); weights must be finite to be quantized")
    }
    return ranges.map { $0 ?? TensorRange(0, 0) }
  }

  /// The scales: a scalar, or one for each channel.
  public var scales: Tensor {
    Tensor(parameters.map(\.scale), shape: axis == nil ? [] : [parameters.count])
  }

  /// The zero points, of the codes' type: a scalar, or one for each channel.
  public var zeroPoints: Tensor {
    AffineParameters.zeroPoints(parameters.map(\.zeroPoint), type: codes.dataType, isScalar: axis == nil)
  }
}

extension AffineParameters {
  /// Zero points as a tensor of the codes' type. Precondition: an 8- or 16-bit integer type.
  static func zeroPoints(_ values: [Int], type: DataType, isScalar: Bool) -> Tensor {
    let shape = isScalar ? [] : [values.count]
    switch type {
    case .int8: return Tensor(values.map { Int8(truncatingIfNeeded: $0) }, shape: shape)
    case .int16: return Tensor(values.map { Int16(truncatingIfNeeded: $0) }, shape: shape)
    case .uint16: return Tensor(values.map { UInt16(truncatingIfNeeded: $0) }, shape: shape)
    default: return Tensor(values.map { UInt8(truncatingIfNeeded: $0) }, shape: shape)
    }
  }
}

/// How channels along an axis lie in row-major memory: as runs of neighbouring elements.
struct ChannelLayout {
  let outer: Int
  let count: Int
  let inner: Int

  init(shape: [Int], axis: Int?) {
    guard let axis else {
      (outer, count, inner) = (1, 1, shape.reduce(1, *))
      return
    }
    outer = shape[..<axis].reduce(1, *)
    count = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }

  /// Calls `body` with each channel and a run of its elements, in memory order.
  func forEachRun(_ body: (_ channel: Int, _ run: Range<Int>) -> Void) {
    for block in 0..<outer {
      for channel in 0..<count {
        let start = (block * count + channel) * inner
        body(channel, start..<start + inner)
      }
    }
  }
}
