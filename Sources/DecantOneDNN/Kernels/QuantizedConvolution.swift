internal import COneDNN
internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// The constants of a `QLinearConv` that oneDNN computes as the definition does.
struct QuantizedConvolution {
  let sourceType: dnnl_data_type_t
  let targetType: dnnl_data_type_t
  let sourceZero: Int
  let targetZero: Int
  /// Less their zero points, in the order of the operand.
  let weights: [Int8]
  let bias: [Int32]?
  /// One, or one for each channel.
  let factors: [Float]

  /// Whole numbers up to this are exact as floats.
  private static let largestExact = 1 << 24

  /// Nil where an operand is computed, weights around zero do not fit in i8, or a sum with its bias might be rounded twice.
  init?(_ request: KernelRequest) {
    for index in 1..<request.operands.count where request.operands[index] != nil {
      guard request.constant(index) != nil else { return nil }
    }
    guard let source = QuantizedConvolution.grid(request, 1, 2, request.operand(0)?.dataType),
      let target = QuantizedConvolution.grid(request, 6, 7, request.operand(7)?.dataType),
      let weight = request.constant(3), let channels = weight.shape.first, channels > 0,
      let weights = SignedCodes.centered(weight, zeroPoints: request.constant(5), axis: 0),
      let scales = request.constant(4)?.floats, scales.count == 1 || scales.count == channels
    else { return nil }
    (sourceType, sourceZero) = (source.type, source.zero)
    (targetType, targetZero) = (target.type, target.zero)
    self.weights = weights
    factors = scales.map { source.scale * $0 / target.scale }
    guard factors.allSatisfy(\.isFinite) else { return nil }
    guard request.operand(8) != nil else {
      bias = nil
      return
    }
    guard let bias = request.constant(8)?.array(of: Int32.self), bias.count == channels else { return nil }
    self.bias = bias
    let lowest = source.type == dnnl_s8 ? -128 : 0
    let farthest = max(source.zero - lowest, lowest + 255 - source.zero)
    let depth = weights.count / channels
    for channel in 0..<channels {
      let magnitude = QuantizedConvolution.magnitude(weights, channel * depth..<(channel + 1) * depth)
      guard magnitude * farthest + Int(bias[channel].magnitude) <= QuantizedConvolution.largestExact else { return nil }
    }
  }

  /// The sum of the magnitudes of some weights. Precondition: the weights have them.
  private static func magnitude(_ weights: [Int8], _ range: Range<Int>) -> Int {
    unsafe weights.withUnsafeBufferPointer { weights in
      var sum: UInt64 = 0
      for index in range { sum &+= UInt64(unsafe weights[index].magnitude) }
      return Int(truncatingIfNeeded: sum)
    }
  }

  private static func grid(
    _ request: KernelRequest, _ scale: Int, _ zeroPoint: Int, _ type: DataType?
  ) -> (type: dnnl_data_type_t, scale: Float, zero: Int)? {
    guard type == .int8 || type == .uint8, let scales = request.constant(scale)?.floats, scales.count == 1,
      let points = request.constant(zeroPoint), points.dataType == type, let zeros = points.integers, zeros.count == 1
    else { return nil }
    return (type == .int8 ? dnnl_s8 : dnnl_u8, scales[0], zeros[0])
  }
}
