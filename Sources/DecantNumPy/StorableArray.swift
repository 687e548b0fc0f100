internal import DecantBytes
internal import DecantIR

/// A tensor as a `.npy` file holds it.
struct StorableArray {
  let header: [UInt8]
  let elements: ByteSlice
  /// What had to be written otherwise.
  let note: String?

  /// - Throws: ``OpError`` for strings and absent data.
  init(_ tensor: Tensor) throws(OpError) {
    guard let bytes = tensor.bytes else {
      let what = tensor.dataType == .string ? "strings" : "a tensor whose data is not here"
      throw OpError("\(what) cannot be written as a NumPy array", kind: .unsupported)
    }
    let (type, elements, note) = try StorableArray.storable(tensor, bytes)
    guard let header = NumPyHeader(dataType: type, shape: tensor.shape).encoded else {
      throw OpError("\(type) cannot be written as a NumPy array", kind: .unsupported)
    }
    self.header = header
    self.elements = elements
    self.note = note
  }

  private static func storable(
    _ tensor: Tensor, _ bytes: ByteSlice
  ) throws(OpError) -> (type: DataType, elements: ByteSlice, note: String?) {
    let type = tensor.dataType
    switch type {
    case .bfloat16: return (.uint16, bytes, "NumPy has no \(type): written as the bits, u16")
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0:
      return (.uint8, bytes, "NumPy has no \(type): written as the bits, u8")
    case .float4E2M1:
      return (.uint8, unpackedBits(tensor, bytes), "NumPy has no \(type): written as the bits, one in a u8")
    case .int4, .uint4, .int2, .uint2:
      let wide: DataType = type.isSignedInteger ? .int8 : .uint8
      guard let values = tensor.integers else { throw OpError("\(type) cannot be unpacked", kind: .unsupported) }
      let elements = ByteSlice(copying: values.map { UInt8(truncatingIfNeeded: $0) })
      return (wide, elements, "NumPy has no \(type): written as \(wide)")
    default: return (type, bytes, nil)
    }
  }

  private static func unpackedBits(_ tensor: Tensor, _ bytes: ByteSlice) -> ByteSlice {
    let all = unsafe bytes.bytes.withUnsafeBytes { unsafe Array($0) }
    return ByteSlice(copying: (0..<tensor.elementCount).map { all[$0 / 2] >> UInt8($0 % 2 * 4) & 15 })
  }
}

extension StorableArray {
  /// A tensor as `.npy`, with `path` in its errors.
  static func make(_ tensor: Tensor, for path: String...) throws(DecantError) -> StorableArray {
    do throws(OpError) {
      return try StorableArray(tensor)
    } catch {
      throw DecantError(error, at: path)
    }
  }
}
