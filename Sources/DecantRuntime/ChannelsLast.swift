internal import CKernels
internal import DecantBytes
public import DecantIR

/// Images of codes of one byte whose channels lie innermost: what kernels on codes give one another.
public final class ChannelsLast: Sendable {
  /// The codes as `[images, …spatial…, channels]`.
  public let tensor: Tensor

  /// From codes that lie so. Precondition: they take one byte each, and there are three axes or more.
  public init(_ tensor: Tensor) {
    precondition(tensor.dataType.bitWidth == 8 && tensor.rank >= 3, "expected images of codes")
    self.tensor = tensor
  }

  /// The extents as other kernels see them: `[images, channels, …spatial…]`.
  public var shape: [Int] { [tensor.shape[0], tensor.shape[tensor.rank - 1]] + tensor.shape[1..<tensor.rank - 1] }

  /// As other kernels see it.
  public var runtime: RuntimeTensor {
    let shape = shape
    // One place or one channel: both orders are the same.
    if tensor.shape[1..<tensor.rank - 1].allSatisfy({ $0 == 1 }) || shape[1] == 1 {
      return .plain(tensor.reshaped(shape))
    }
    return .laidOut(
      LaidOutTensor(
        type: ConcreteType(tensor.dataType, shape), byteCount: tensor.byteCount, content: self,
        unpack: { () throws(OpError) in try self.plain() }))
  }

  /// The codes of `operand` with the channels innermost; free when they lie so.
  ///
  /// - Throws: ``OpError`` when they are no images of codes.
  public static func codes(_ operand: RuntimeTensor) throws(OpError) -> Tensor {
    if case .laidOut(let tensor) = operand, let own = tensor.content as? ChannelsLast { return own.tensor }
    let plain = try operand.plain()
    guard plain.rank >= 3, plain.dataType.bitWidth == 8 else {
      throw OpError("expected images of codes, got \(plain.dataType)\(plain.shape)")
    }
    let shape = [plain.shape[0]] + plain.shape[2...] + [plain.shape[1]]
    let (channels, places) = (plain.shape[1], plain.shape[2...].reduce(1, *))
    return try transposed(plain, images: plain.shape[0], rows: channels, columns: places, shape: shape)
  }

  private func plain() throws(OpError) -> Tensor {
    let shape = shape
    let places = shape[2...].reduce(1, *)
    return try ChannelsLast.transposed(tensor, images: shape[0], rows: places, columns: shape[1], shape: shape)
  }

  private static func transposed(
    _ tensor: Tensor, images: Int, rows: Int, columns: Int, shape: [Int]
  ) throws(OpError) -> Tensor {
    guard rows > 1, columns > 1, images > 0 else { return tensor.reshaped(shape) }
    guard let slice = tensor.bytes else { throw OpError("the data of an operand is absent") }
    let bytes = ByteSlice(count: slice.count) { (raw: inout MutableRawSpan) in
      unsafe raw.withUnsafeMutableBytes { target in
        unsafe slice.bytes.withUnsafeBytes { source in
          guard let source = source.baseAddress, let target = target.baseAddress else { return }
          for image in 0..<images {
            let offset = image * rows * columns
            unsafe decant_transpose_u8(
              (source + offset).assumingMemoryBound(to: UInt8.self), rows, columns,
              (target + offset).assumingMemoryBound(to: UInt8.self))
          }
        }
      }
    }
    return try Tensor(tensor.dataType, shape: shape, bytes: bytes)
  }
}
