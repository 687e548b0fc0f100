public import DecantForms
public import DecantIR

/// A constant as codes, with its scales and zero points: one of each, or one for each channel along `axis`.
public struct QuantizedWeight: Sendable {
  /// The codes, in the shape of the source.
  public let codes: Tensor
  /// One, or one for each channel.
  public let parameters: [AffineParameters]
  /// The axis of the channels; nil for one scale in all.
  public let axis: Int?

  /// The type of the scales: that of the source.
  public let scaleType: DataType

  /// Chooses scales for `weight` from its own extremes.
  ///
  /// - Parameter isReduced: whether only half the codes are used.
  /// - Throws: ``OpError`` when a value is not finite, naming its index, or the type is neither float32 nor float16.
  public static func fit(
    _ weight: Tensor, grid: IntegerGrid, symmetric: Bool, axis: Int?, isReduced: Bool = false
  ) throws(OpError) -> [AffineParameters] {
    try ranges(of: weight, axis: axis).map {
      AffineParameters(
        range: $0, grid: grid, symmetric: symmetric, isReduced: isReduced, scaleType: weight.dataType)
    }
  }

  /// The extremes of `weight`, in all or of each channel along `axis`; zeros for no elements.
  ///
  /// - Throws: ``OpError`` as ``fit(_:grid:symmetric:axis:isReduced:)``.
  public static func ranges(of weight: Tensor, axis: Int?) throws(OpError) -> [TensorRange] {
    try channelRanges(of: try floats(weight), axis: axis)
  }

  /// Rounds `weight` onto codes with the given parameters.
  ///
  /// - Throws: ``OpError`` when the type is neither float32 nor float16.
  public init(
    _ weight: Tensor, grid: IntegerGrid, parameters: [AffineParameters], axis: Int?
  ) throws(OpError) {
    let tensor = try QuantizedWeight.floats(weight)
    codes =
      switch grid.type {
      case .int8: QuantizedWeight.round(tensor, grid, parameters, axis) { Int8(truncatingIfNeeded: $0) }
      case .uint8: QuantizedWeight.round(tensor, grid, parameters, axis) { UInt8(truncatingIfNeeded: $0) }
      case .int16: QuantizedWeight.round(tensor, grid, parameters, axis) { Int16(truncatingIfNeeded: $0) }
      case .uint16: QuantizedWeight.round(tensor, grid, parameters, axis) { UInt16(truncatingIfNeeded: $0) }
      case .int4, .uint4:
        try NibbleTensor.pack(
          QuantizedWeight.round(tensor, grid, parameters, axis) { UInt8(truncatingIfNeeded: $0) }, as: grid.type)
      default: throw OpError("weights of type \(grid.type) are not supported here", kind: .unsupported)
      }
    self.parameters = parameters
    self.axis = axis
    scaleType = weight.dataType
  }

  /// The weight as aligned float32.
  private static func floats(_ weight: Tensor) throws(OpError) -> Tensor {
    switch weight.dataType {
    case .float32 where weight.bytes != nil: return weight.aligned
    case .float16:
      guard let values = weight.aligned.floats else { break }
      return Tensor(values, shape: weight.shape)
    default: break
    }
    throw OpError("expected float32 or float16 data to quantize, got \(weight.dataType)", kind: .unsupported)
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
    let source = weight.span(of: Float.self)
    let channels = ChannelLayout(shape: weight.shape, axis: axis)
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
    AffineParameters.scales(parameters.map(\.scale), type: scaleType, isScalar: axis == nil)
  }

  /// The zero points, of the codes' type: a scalar, or one for each channel.
  public var zeroPoints: Tensor {
    AffineParameters.zeroPoints(parameters.map(\.zeroPoint), type: codes.dataType, isScalar: axis == nil)
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
