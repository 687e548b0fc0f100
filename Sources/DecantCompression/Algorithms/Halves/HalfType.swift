public import DecantIR

/// A floating-point type of 16 bits as the target of a conversion.
public enum HalfType: String, Sendable, CaseIterable {
  /// IEEE half precision: 11 significant bits, magnitudes from 6e-8 to 65504.
  case float16 = "fp16"
  /// The upper half of a float32: 8 significant bits, the range of float32.
  case bfloat16 = "bf16"

  /// The element type.
  public var dataType: DataType { self == .float16 ? .float16 : .bfloat16 }

  /// The largest finite value.
  public var greatest: Float { self == .float16 ? 65504 : Float(bitPattern: 0x7F7F_0000) }

  /// Below this magnitude significant bits are lost.
  public var leastNormal: Float { self == .float16 ? 0x1p-14 : Float.leastNormalMagnitude }

  /// From this magnitude on a float32 rounds to infinity.
  public var overflow: Float { self == .float16 ? 65520 : Float(bitPattern: 0x7F7F_8000) }

  /// Finite magnitudes from here on that overflow stand for "minus infinity" in masks: no data that the type could hold at
  /// another scale is that large.
  public var maskThreshold: Float { max(1e8, overflow) }

  /// Every operator set from here on has casts to the type.
  public var castVersion: Int { self == .float16 ? 7 : 13 }
}
