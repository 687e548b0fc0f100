internal import CKernels
internal import DecantBytes
public import DecantIR

/// Images whose channels lie innermost: what convolutions and what stands between them give one another.
public final class ChannelsLast: Sendable {
  /// The elements as `[images, …spatial…, channels]`.
  public let tensor: Tensor

  /// From elements that lie so. Precondition: they take one byte or four each, and there are three axes or more.
  public init(_ tensor: Tensor) {
    precondition(ChannelsLast.holds(tensor.dataType) && tensor.rank >= 3, "expected images")
    self.tensor = tensor
  }

  /// Whether elements of this type can lie so.
  private static func holds(_ type: DataType) -> Bool { type.bitWidth == 8 || type.bitWidth == 32 }

  /// The images that `operand` is; nil when it lies otherwise.
  public static func of(_ operand: RuntimeTensor) -> ChannelsLast? {
    guard case .laidOut(let tensor) = operand else { return nil }
    return tensor.content as? ChannelsLast
  }

  /// The extents of `shape` with the channels innermost. Precondition: there are three axes or more.
  public static func extents(of shape: [Int]) -> [Int] { [shape[0]] + shape[2...] + [shape[1]] }

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

  /// The elements of `operand` with the channels innermost; free when they lie so.
  ///
  /// - Throws: ``OpError`` when they are no images.
  public static func tensor(_ operand: RuntimeTensor) throws(OpError) -> Tensor {
    if let own = of(operand) { return own.tensor }
    let plain = try operand.plain()
    guard plain.rank >= 3, holds(plain.dataType) else {
      throw OpError("expected images, got \(plain.dataType)\(plain.shape)")
    }
    let (channels, places) = (plain.shape[1], plain.shape[2...].reduce(1, *))
    return try transposed(
      plain, images: plain.shape[0], rows: channels, columns: places, shape: extents(of: plain.shape))
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
    let tensor = tensor.aligned
    guard let slice = tensor.bytes else { throw OpError("the data of an operand is absent") }
    let width = tensor.dataType.bitWidth / 8
    let bytes = ByteSlice(count: slice.count, zeroed: false) { (raw: inout MutableRawSpan) in
      unsafe raw.withUnsafeMutableBytes { target in
        unsafe slice.bytes.withUnsafeBytes { source in
          guard let source = source.baseAddress, let target = target.baseAddress else { return }
          for image in 0..<images {
            let offset = image * rows * columns * width
            if width == 1 {
              unsafe decant_transpose_u8(
                (source + offset).assumingMemoryBound(to: UInt8.self), rows, columns,
                (target + offset).assumingMemoryBound(to: UInt8.self))
            } else {
              unsafe decant_transpose_f32(
                (source + offset).assumingMemoryBound(to: Float.self), columns, rows, columns,
                (target + offset).assumingMemoryBound(to: Float.self), rows)
            }
          }
        }
      }
    }
    return try Tensor(tensor.dataType, shape: shape, bytes: bytes)
  }
}
