internal import DecantBytes
package import DecantIR

/// Constant codes of one byte as signed ones around zero.
package enum SignedCodes {
  /// The codes less their zero points, which run along `axis` when there are several; nil when they do not fit in i8.
  package static func centered(_ codes: Tensor, zeroPoints: Tensor?, axis: Int) -> [Int8]? {
    guard codes.dataType == .int8 || codes.dataType == .uint8, let slice = codes.bytes else { return nil }
    let points = zeroPoints.map { $0.dataType == codes.dataType ? $0.integers ?? [] : [] } ?? [0]
    guard points.count == 1 || axis < codes.rank && points.count == codes.shape[axis] else { return nil }
    // All codes of a line have the same zero point.
    let inner = axis < codes.rank ? codes.shape[(axis + 1)...].reduce(1, *) : 1
    let length = points.count == 1 ? slice.count : inner
    guard slice.count > 0, length > 0 else { return [] }
    let isSigned = codes.dataType == .int8
    var fit = true
    let result = unsafe [Int8](unsafeUninitializedCapacity: slice.count) { result, count in
      count = slice.count
      unsafe slice.bytes.withUnsafeBytes { bytes in
        for line in 0..<slice.count / length {
          let point = Int16(truncatingIfNeeded: points[line % points.count])
          let from = unsafe UnsafeRawBufferPointer(rebasing: bytes[line * length..<(line + 1) * length])
          let to = unsafe UnsafeMutableBufferPointer(rebasing: result[line * length..<(line + 1) * length])
          let isExact = unsafe isSigned ? center(from, point, to) : centerUnsigned(from, point, to)
          fit = fit && isExact
        }
      }
    }
    return fit ? result : nil
  }

  /// Whether all signed codes less `point` fit.
  private static func center(
    _ codes: UnsafeRawBufferPointer, _ point: Int16, _ result: UnsafeMutableBufferPointer<Int8>
  ) -> Bool {
    var (least, most) = (Int16.max, Int16.min)
    for index in 0..<codes.count {
      let value = unsafe Int16(Int8(bitPattern: codes[index])) &- point
      least = min(least, value)
      most = max(most, value)
      unsafe result[index] = Int8(truncatingIfNeeded: value)
    }
    return least >= -128 && most <= 127
  }

  /// Whether all unsigned codes less `point` fit.
  private static func centerUnsigned(
    _ codes: UnsafeRawBufferPointer, _ point: Int16, _ result: UnsafeMutableBufferPointer<Int8>
  ) -> Bool {
    var (least, most) = (Int16.max, Int16.min)
    for index in 0..<codes.count {
      let value = unsafe Int16(codes[index]) &- point
      least = min(least, value)
      most = max(most, value)
      unsafe result[index] = Int8(truncatingIfNeeded: value)
    }
    return least >= -128 && most <= 127
  }
}
