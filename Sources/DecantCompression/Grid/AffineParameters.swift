/// A scale and a zero point: `value = scale · (code − zeroPoint)`.
public struct AffineParameters: Sendable, Hashable {
  /// The distance between neighbouring codes; positive.
  public let scale: Float
  /// The code of zero.
  public let zeroPoint: Int

  /// From its parts.
  public init(scale: Float, zeroPoint: Int) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// The parameters that map `range`, widened to hold zero, onto the codes of `grid`.
  ///
  /// The arithmetic is that of ONNX Runtime 1.31 (`compute_scale_zp`): widths in double precision, the zero point from the
  /// scale before it is rounded to float32, halves to even. A width of zero gives scale 1 and zero point 0.
  public init(range: TensorRange, grid: IntegerGrid, symmetric: Bool) {
    var low = min(range.low, 0)
    var high = max(range.high, 0)
    if symmetric {
      let magnitude = max(abs(low), abs(high))
      (low, high) = (-magnitude, magnitude)
    }
    let target = grid.target(symmetric: symmetric)
    let (first, last) = (Double(target.lowerBound), Double(target.upperBound))
    let exact = (Double(high) - Double(low)) / (last - first)
    guard exact >= Double(Float.leastNormalMagnitude) else {
      self.init(scale: 1, zeroPoint: 0)
      return
    }
    let middle = symmetric ? (first + last) / 2 : first - Double(low) / exact
    self.init(scale: Float(exact), zeroPoint: Int(middle.rounded(.toNearestOrEven)))
  }

  /// The code of `value`: halves to even, clipped to the codes of `grid`. `value` is finite.
  public func code(of value: Float, grid: IntegerGrid) -> Int {
    let code = (value / scale).rounded(.toNearestOrEven) + Float(zeroPoint)
    return Int(min(max(code, Float(grid.codes.lowerBound)), Float(grid.codes.upperBound)))
  }
}
