internal import DecantIR

/// A constant as 8-bit floats, with a scale in all or one for each channel along `axis`: `value = scale · code`.
struct Float8Weight {
  /// The codes, in the shape of the source.
  let codes: Tensor
  /// A scalar, or a vector of one for each channel.
  let scales: Tensor

  /// Scales the largest magnitude of each channel to the type's largest number, and rounds.
  ///
  /// - Throws: ``OpError`` for a value that is not finite, naming its index, and for data that is absent or not float32.
  init(_ weight: Tensor, _ type: Float8Type, axis: Int?) throws(OpError) {
    let tensor = weight.aligned
    guard tensor.dataType == .float32, tensor.bytes != nil else {
      throw OpError("expected float32 data to quantize, got \(weight.dataType)", kind: .unsupported)
    }
    let source = tensor.span(of: Float.self)
    let channels = ChannelLayout(shape: tensor.shape, axis: axis)
    var most = [Float](repeating: 0, count: channels.count)
    var broken: Int?
    channels.forEachRun { channel, run in
      var (largest, sum) = (most[channel], Float(0))
      for index in run {
        largest = max(largest, abs(source[index]))
        sum += source[index] * 0
      }
      if sum != 0, broken == nil { broken = run.first { !source[$0].isFinite } }
      most[channel] = largest
    }
    if let broken {
      throw OpError("the element \(broken) is \(source[broken]); weights must be finite to be quantized")
    }
    let scales = most.map { $0 == 0 ? 1 : max($0 / type.greatest, Float.leastNormalMagnitude) }
    self.scales = Tensor(scales, shape: axis == nil ? [] : [scales.count])
    let bytes =
      switch type {
      case .e4m3: Float8Weight.round(source, tensor.shape, channels, scales) { Float8Type.e4m3.code(of: $0) }
      case .e5m2: Float8Weight.round(source, tensor.shape, channels, scales) { Float8Type.e5m2.code(of: $0) }
      }
    codes = bytes.reinterpreted(as: type.dataType)
  }

  @inline(__always)
  private static func round(
    _ source: Span<Float>, _ shape: [Int], _ channels: ChannelLayout, _ scales: [Float], _ code: (Float) -> UInt8
  ) -> Tensor {
    Tensor(of: UInt8.self, shape: shape) { span in
      channels.forEachRun { channel, run in
        let scale = scales[channel]
        for index in run { span[index] = code(source[index] / scale) }
      }
    }
  }
}
