/// A Swift type whose memory is one element of a tensor.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The element type that it stores.
  static var dataType: DataType { get }
}

extension Float: TensorElement {
  /// `f32`.
  public static var dataType: DataType { .float32 }
}
extension Double: TensorElement {
  /// `f64`.
  public static var dataType: DataType { .float64 }
}
extension Float16: TensorElement {
  /// `f16`.
  public static var dataType: DataType { .float16 }
}
extension Int8: TensorElement {
  /// `i8`.
  public static var dataType: DataType { .int8 }
}
extension Int16: TensorElement {
  /// `i16`.
  public static var dataType: DataType { .int16 }
}
extension Int32: TensorElement {
  /// `i32`.
  public static var dataType: DataType { .int32 }
}
extension Int64: TensorElement {
  /// `i64`.
  public static var dataType: DataType { .int64 }
}
extension UInt8: TensorElement {
  /// `u8`.
  public static var dataType: DataType { .uint8 }
}
extension UInt16: TensorElement {
  /// `u16`.
  public static var dataType: DataType { .uint16 }
}
extension UInt32: TensorElement {
  /// `u32`.
  public static var dataType: DataType { .uint32 }
}
extension UInt64: TensorElement {
  /// `u64`.
  public static var dataType: DataType { .uint64 }
}

/// A bool as tensors store it: a byte of which any value but 0 is true.
@frozen public struct Boolean: TensorElement, Hashable {
  /// The stored byte.
  public var byte: UInt8

  /// 1 or 0.
  @inlinable public init(_ value: Bool) { byte = value ? 1 : 0 }

  /// Whether the byte is not 0.
  @inlinable public var value: Bool { byte != 0 }

  /// `bool`.
  public static var dataType: DataType { .bool }
}

/// A bfloat16: the upper 16 bits of a float32.
@frozen public struct BFloat16: TensorElement, Hashable {
  /// The stored bits.
  public var bits: UInt16

  /// From stored bits.
  @inlinable public init(bits: UInt16) { self.bits = bits }

  /// Rounds half to even; NaN stays NaN.
  @inlinable public init(_ value: Float) {
    let pattern = value.bitPattern
    if value.isNaN {
      bits = UInt16(truncatingIfNeeded: pattern >> 16) | 0x40
    } else {
      bits = UInt16(truncatingIfNeeded: (pattern &+ 0x7fff &+ (pattern >> 16 & 1)) >> 16)
    }
  }

  /// Exact.
  @inlinable public var float: Float { Float(bitPattern: UInt32(bits) << 16) }

  /// `bf16`.
  public static var dataType: DataType { .bfloat16 }
}
