internal import DecantBytes
package import DecantIR

/// 4-bit codes as ONNX stores them: two to a byte, the first in the low half, in row-major order.
package enum NibbleTensor {
  /// Packs the low halves of `codes`; an odd number of them leaves the last high half zero.
  ///
  /// - Throws: ``OpError`` unless the codes are bytes.
  package static func pack(_ codes: Tensor, as type: DataType) throws(OpError) -> Tensor {
    guard codes.dataType == .uint8, codes.bytes != nil else {
      throw OpError("expected bytes to pack, got \(codes.dataType)")
    }
    let source = codes.span(of: UInt8.self)
    var bytes = [UInt8](repeating: 0, count: (source.count + 1) / 2)
    for index in bytes.indices {
      let low = source[2 * index] & 0x0F
      let high = 2 * index + 1 < source.count ? source[2 * index + 1] << 4 : 0
      bytes[index] = low | high
    }
    return try Tensor(type, shape: codes.shape, bytes: ByteSlice(copying: bytes))
  }
}
