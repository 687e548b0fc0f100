internal import DecantIR
internal import DecantOps
internal import DecantRuntime

/// The scale and the zero point of codes of one byte, when they never change.
struct CodeGrid: Sendable {
  let scale: Float
  let zero: Int
  /// i8 or u8.
  let dataType: DataType

  /// From operands that are constants with one number each; nil for others, and for other types than i8 and u8. A zero point
  /// that is left out is 0.
  init?(_ request: KernelRequest, scale: Int, zeroPoint: Int, _ dataType: DataType?) {
    guard let dataType, dataType == .int8 || dataType == .uint8, let scales = request.constant(scale)?.floats,
      scales.count == 1
    else { return nil }
    self.scale = scales[0]
    self.dataType = dataType
    guard request.operand(zeroPoint) != nil else {
      zero = 0
      return
    }
    guard let points = request.constant(zeroPoint), points.dataType == dataType, let values = points.integers,
      values.count == 1
    else { return nil }
    zero = values[0]
  }

  /// Whether codes are of i8.
  var isSigned: Bool { dataType == .int8 }
}

/// Constant codes of one byte as signed ones around zero.
enum SignedCodes {
  /// The codes less their zero points, which run along `axis` when there are several; nil when they do not fit in i8.
  static func centered(_ codes: Tensor, zeroPoints: Tensor?, axis: Int) -> [Int8]? {
    guard codes.dataType == .int8 || codes.dataType == .uint8, let values = codes.integers else { return nil }
    let points = zeroPoints.map { $0.dataType == codes.dataType ? $0.integers ?? [] : [] } ?? [0]
    guard points.count == 1 || axis < codes.rank && points.count == codes.shape[axis] else { return nil }
    let inner = axis < codes.rank ? codes.shape[(axis + 1)...].reduce(1, *) : 1
    var result: [Int8] = []
    result.reserveCapacity(values.count)
    for (place, value) in values.enumerated() {
      let point = points.count == 1 ? points[0] : points[place / inner % points.count]
      guard let code = Int8(exactly: value - point) else { return nil }
      result.append(code)
    }
    return result
  }
}
