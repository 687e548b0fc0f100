public import DecantIR

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
  /// scale before it is rounded, halves to even. A scale below the normal numbers of `scaleType` becomes 1, and zero point
  /// 0; ``isTooFine(_:grid:symmetric:scaleType:)`` tells.
  ///
  /// - Parameters:
  ///   - isReduced: whether only half the codes are mapped to.
  ///   - scaleType: float32, or float16 for a scale that is stored as such.
  public init(
    range: TensorRange, grid: IntegerGrid, symmetric: Bool, isReduced: Bool = false, scaleType: DataType = .float32
  ) {
    let (low, high) = AffineParameters.ends(range, symmetric: symmetric)
    let target = grid.target(symmetric: symmetric, isReduced: isReduced)
    let (first, last) = (Double(target.lowerBound), Double(target.upperBound))
    let exact = (Double(high) - Double(low)) / (last - first)
    guard exact >= AffineParameters.leastNormal(scaleType) else {
      self.init(scale: 1, zeroPoint: 0)
      return
    }
    let middle = symmetric ? (first + last) / 2 : first - Double(low) / exact
    let scale = scaleType == .float16 ? Float(Float16(exact)) : Float(exact)
    self.init(scale: scale, zeroPoint: Int(middle.rounded(.toNearestOrEven)))
  }

  /// Whether `range` is not empty and yet so narrow that its scale is below the normal numbers of `scaleType`.
  public static func isTooFine(
    _ range: TensorRange, grid: IntegerGrid, symmetric: Bool, isReduced: Bool = false, scaleType: DataType
  ) -> Bool {
    let (low, high) = ends(range, symmetric: symmetric)
    let target = grid.target(symmetric: symmetric, isReduced: isReduced)
    let exact = (Double(high) - Double(low)) / Double(target.upperBound - target.lowerBound)
    return exact > 0 && exact < leastNormal(scaleType)
  }

  private static func leastNormal(_ type: DataType) -> Double {
    type == .float16 ? Double(Float16.leastNormalMagnitude) : Double(Float.leastNormalMagnitude)
  }

  private static func ends(_ range: TensorRange, symmetric: Bool) -> (low: Float, high: Float) {
    let (low, high) = (min(range.low, 0), max(range.high, 0))
    guard symmetric else { return (low, high) }
    let magnitude = max(abs(low), abs(high))
    return (-magnitude, magnitude)
  }

  /// The code of `value`: halves to even, clipped to the codes of `grid`. `value` is finite.
  public func code(of value: Float, grid: IntegerGrid) -> Int {
    let code = (value / scale).rounded(.toNearestOrEven) + Float(zeroPoint)
    return Int(min(max(code, Float(grid.codes.lowerBound)), Float(grid.codes.upperBound)))
  }
}

extension AffineParameters {
  /// Scales as a tensor of float32 or float16.
  package static func scales(_ values: [Float], type: DataType, isScalar: Bool) -> Tensor {
    let shape = isScalar ? [] : [values.count]
    return type == .float16 ? Tensor(values.map { Float16($0) }, shape: shape) : Tensor(values, shape: shape)
  }

  /// Zero points as a tensor of the codes' type. Precondition: a 4-, 8- or 16-bit integer type.
  package static func zeroPoints(_ values: [Int], type: DataType, isScalar: Bool) -> Tensor {
    let shape = isScalar ? [] : [values.count]
    switch type {
    case .int8: return Tensor(values.map { Int8(truncatingIfNeeded: $0) }, shape: shape)
    case .int16: return Tensor(values.map { Int16(truncatingIfNeeded: $0) }, shape: shape)
    case .uint16: return Tensor(values.map { UInt16(truncatingIfNeeded: $0) }, shape: shape)
    case .int4, .uint4:
      let bytes = values.map { UInt8(truncatingIfNeeded: $0) }
      return (try? NibbleTensor.pack(Tensor(bytes, shape: shape), as: type)) ?? Tensor(bytes, shape: shape)
    default: return Tensor(values.map { UInt8(truncatingIfNeeded: $0) }, shape: shape)
    }
  }
}
