public import DecantIR

/// A bias as int32 codes whose scale is that of the products it is added to.
public struct QuantizedBias: Sendable {
  /// The codes, in the shape of the source.
  public let codes: Tensor
  /// One, or one for each channel; always a vector.
  public let scales: Tensor
  /// Zeros; a scalar when there is one scale.
  public let zeroPoints: Tensor
  /// How many codes met the limits of int32.
  public let clipped: Int

  /// Rounds `bias`: scale `inputScale · weightScale · beta` in float32, codes through double, halves to even.
  ///
  /// - Throws: ``OpError`` when the type is not float32 or scales and bias do not match.
  public init(_ bias: Tensor, inputScale: Float, weightScales: [Float], beta: Float) throws(OpError) {
    guard let values = bias.array(of: Float.self) else {
      throw OpError("expected a float32 bias, got \(bias.dataType)", kind: .unsupported)
    }
    let scales = weightScales.map { inputScale * $0 * beta }
    guard scales.count == 1 || (bias.shape.last ?? 1) == scales.count else {
      throw OpError("expected a bias of \(scales.count) channels, got \(bias.shape)")
    }
    let limits = Double(Int32.min)...Double(Int32.max)
    var clipped = 0
    var codes: [Int32] = []
    codes.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard value.isFinite else { throw OpError("the element \(index) of the bias is \(value)") }
      let code = (Double(value) / Double(scales[index % scales.count])).rounded(.toNearestOrEven)
      if !limits.contains(code) { clipped += 1 }
      codes.append(Int32(min(max(code, limits.lowerBound), limits.upperBound)))
    }
    self.codes = Tensor(codes, shape: bias.shape)
    self.scales = Tensor(scales)
    self.clipped = clipped
    zeroPoints =
      scales.count == 1 ? Tensor(scalar: Int32(0)) : Tensor([Int32](repeating: 0, count: scales.count))
  }

  /// Weight scales large enough that the codes of `bias` fit int32, as ONNX Runtime 1.31 enlarges them.
  ///
  /// Only scales that are positive and too small change. Source: `_adjust_weight_scale_for_int32_bias`.
  public static func enlarge(weightScales: [Float], inputScale: Float, bias: [Float]) -> [Float] {
    let span = Double(Int32.max) - (Double(Int32.min) + 1)
    func enlarged(_ scale: Float, _ magnitude: Double) -> Float {
      let needed = 1.0001 * (2 * magnitude) / span
      let candidate = Double(inputScale) * Double(scale)
      guard candidate < needed, candidate > 0 else { return scale }
      return Float(Double(scale) * (needed / candidate))
    }
    if weightScales.count == 1 {
      let magnitude = bias.reduce(0) { max($0, abs(Double($1))) }
      return [enlarged(weightScales[0], magnitude)]
    }
    guard bias.count == weightScales.count else { return weightScales }
    return zip(weightScales, bias).map { enlarged($0, Double(abs($1))) }
  }
}
