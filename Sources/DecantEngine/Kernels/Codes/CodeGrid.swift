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
