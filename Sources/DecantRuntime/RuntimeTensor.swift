public import DecantIR

/// A tensor between two kernels: plain, or in a backend's own layout until somebody needs it plain.
public enum RuntimeTensor: Sendable {
  case plain(Tensor)
  case laidOut(LaidOutTensor)

  /// The element type.
  public var dataType: DataType {
    switch self {
    case .plain(let tensor): tensor.dataType
    case .laidOut(let tensor): tensor.type.dataType
    }
  }

  /// The logical extents, outermost first.
  public var shape: [Int] {
    switch self {
    case .plain(let tensor): tensor.shape
    case .laidOut(let tensor): tensor.type.shape
    }
  }

  /// How many bytes it holds.
  public var byteCount: Int {
    switch self {
    case .plain(let tensor): tensor.byteCount
    case .laidOut(let tensor): tensor.byteCount
    }
  }

  /// The elements in row-major order; free when it is plain already.
  public func plain() throws(OpError) -> Tensor {
    switch self {
    case .plain(let tensor): tensor
    case .laidOut(let tensor): try tensor.unpack()
    }
  }
}

/// A tensor whose elements lie as a backend likes them; only that backend reads them.
public struct LaidOutTensor: Sendable {
  /// The element type and the logical extents.
  public let type: ConcreteType
  /// How many bytes it holds.
  public let byteCount: Int
  /// The backend's own object.
  public let content: any Sendable & AnyObject
  /// Writes the elements in row-major order.
  public let unpack: @Sendable () throws(OpError) -> Tensor

  /// From its parts.
  public init(
    type: ConcreteType, byteCount: Int, content: any Sendable & AnyObject,
    unpack: @escaping @Sendable () throws(OpError) -> Tensor
  ) {
    self.type = type
    self.byteCount = byteCount
    self.content = content
    self.unpack = unpack
  }
}
