internal import DecantBytes
internal import DecantIR

/// Elements of packed types, one to a byte, and back.
enum PackedElements {
  /// The low bits of each element in a byte of its own.
  static func unpack(_ tensor: Tensor) -> Tensor {
    let width = tensor.dataType.bitWidth
    guard tensor.dataType.isPacked, let bytes = tensor.bytes else { return tensor }
    let (perByte, mask) = (8 / width, UInt8((1 << width) - 1))
    return Tensor(of: UInt8.self, shape: tensor.shape) { target in
      for index in 0..<target.count {
        let byte = unsafe bytes.bytes.unsafeLoad(fromByteOffset: index / perByte, as: UInt8.self)
        target[index] = byte >> UInt8(index % perByte * width) & mask
      }
    }
  }

  /// A tensor of `type` from codes, one to a byte; bits above the type's width are dropped where it is packed.
  static func pack(_ codes: [UInt8], _ type: DataType, shape: [Int]) throws(OpError) -> Tensor {
    guard type.isPacked else { return try Tensor(type, shape: shape, bytes: ByteSlice(copying: codes)) }
    let width = type.bitWidth
    let (perByte, mask) = (8 / width, UInt8((1 << width) - 1))
    var bytes = [UInt8](repeating: 0, count: try Tensor.byteCount(type, shape: shape))
    for (index, code) in codes.enumerated() {
      bytes[index / perByte] |= (code & mask) << UInt8(index % perByte * width)
    }
    return try Tensor(type, shape: shape, bytes: ByteSlice(copying: bytes))
  }
}
