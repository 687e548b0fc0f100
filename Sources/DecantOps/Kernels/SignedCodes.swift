package import DecantBytes
package import DecantIR

/// Constant codes of one byte as signed ones around zero.
package enum SignedCodes {
  /// The codes less their zero points, which run along `axis` when there are several; nil when they do not fit in i8.
  package static func centered(_ codes: Tensor, zeroPoints: Tensor?, axis: Int) -> [Int8]? {
    guard let points = points(codes, zeroPoints, axis), let slice = codes.bytes else { return nil }
    guard slice.count > 0 else { return [] }
    let isSigned = codes.dataType == .int8
    // All codes of a line have the same zero point; of columns, neighbours have others.
    let inner = axis < codes.rank ? codes.shape[(axis + 1)...].reduce(1, *) : 1
    let length = points.count == 1 ? slice.count : inner
    var fit = true
    let result = unsafe [Int8](unsafeUninitializedCapacity: slice.count) { result, count in
      count = slice.count
      unsafe slice.bytes.withUnsafeBytes { bytes in
        if length == 1 {
          fit = unsafe center(bytes, isSigned, points, result)
          return
        }
        for line in 0..<slice.count / length {
          let point = points[line % points.count]
          let from = unsafe UnsafeRawBufferPointer(rebasing: bytes[line * length..<(line + 1) * length])
          let to = unsafe UnsafeMutableBufferPointer(rebasing: result[line * length..<(line + 1) * length])
          let isExact = unsafe isSigned ? center(from, point, to) : centerUnsigned(from, point, to)
          fit = fit && isExact
        }
      }
    }
    return fit ? result : nil
  }

  /// The same as bytes: the tensor's own where there is nothing to take away.
  package static func centeredBytes(_ codes: Tensor, zeroPoints: Tensor?, axis: Int) -> ByteSlice? {
    if codes.dataType == .int8, points(codes, zeroPoints, axis) == [0] { return codes.bytes }
    return centered(codes, zeroPoints: zeroPoints, axis: axis).flatMap { Tensor($0).bytes }
  }

  /// Whether ``centered(_:zeroPoints:axis:)`` is there; without looking at codes that lie around zero as they are.
  package static func areCentered(_ codes: Tensor, zeroPoints: Tensor?, axis: Int) -> Bool {
    guard let points = points(codes, zeroPoints, axis) else { return false }
    if codes.dataType == .int8, points == [0] { return codes.bytes != nil }
    return centered(codes, zeroPoints: zeroPoints, axis: axis) != nil
  }

  /// The zero points, one where all are the same; nil where codes and points do not go together.
  private static func points(_ codes: Tensor, _ zeroPoints: Tensor?, _ axis: Int) -> [Int16]? {
    guard codes.dataType == .int8 || codes.dataType == .uint8 else { return nil }
    let points = zeroPoints.map { $0.dataType == codes.dataType ? $0.integers ?? [] : [] } ?? [0]
    guard let first = points.first, points.count == 1 || axis < codes.rank && points.count == codes.shape[axis] else {
      return nil
    }
    let isOne = points.allSatisfy { $0 == first }
    return (isOne ? [first] : points).map { Int16(truncatingIfNeeded: $0) }
  }

  /// Whether all codes less their points fit, where the points go round and round.
  private static func center(
    _ codes: UnsafeRawBufferPointer, _ isSigned: Bool, _ points: [Int16], _ result: UnsafeMutableBufferPointer<Int8>
  ) -> Bool {
    var (least, most) = (Int16.max, Int16.min)
    unsafe points.withUnsafeBufferPointer { points in
      for row in 0..<codes.count / points.count {
        let start = row * points.count
        for column in 0..<points.count {
          let code = unsafe codes[start + column]
          let value = unsafe (isSigned ? Int16(Int8(bitPattern: code)) : Int16(code)) &- points[column]
          least = min(least, value)
          most = max(most, value)
          unsafe result[start + column] = Int8(truncatingIfNeeded: value)
        }
      }
    }
    return least >= -128 && most <= 127
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
