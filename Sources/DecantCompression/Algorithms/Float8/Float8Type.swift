public import DecantIR

/// A floating-point type of 8 bits as the target of weights and activations.
public enum Float8Type: String, Sendable, CaseIterable {
  /// Four bits of exponent, three of mantissa: up to 448, no infinity.
  case e4m3 = "fp8-e4m3"
  /// Five bits of exponent, two of mantissa: up to 57344.
  case e5m2 = "fp8-e5m2"

  /// The element type.
  public var dataType: DataType { self == .e4m3 ? .float8E4M3FN : .float8E5M2 }

  /// The largest finite value, which the largest magnitude of a channel is scaled to.
  public var greatest: Float { self == .e4m3 ? 448 : 57344 }

  /// The code of `value`, halves to even; what is beyond the range becomes the largest finite code. `value` is a number.
  @inline(__always)
  func code(of value: Float) -> UInt8 {
    let (mantissa, bias, largest): (UInt32, UInt32, UInt32) = self == .e4m3 ? (3, 7, 0x7E) : (2, 15, 0x7B)
    let bits = value.bitPattern
    let magnitude = bits & 0x7FFF_FFFF
    let code: UInt32
    if magnitude < (128 - bias) << 23 {
      // Below the normal numbers: adding 2^(24 − bias − mantissa), whose last place is one code, rounds in the float unit.
      let unit = Float(bitPattern: (151 - bias - mantissa) << 23)
      code = (Float(bitPattern: magnitude) + unit).bitPattern - unit.bitPattern
    } else {
      let shift = 23 - mantissa
      let rounded = magnitude + (1 << (shift - 1) - 1) + (magnitude >> shift & 1)
      code = (rounded >> shift) - (127 - bias) << mantissa
    }
    return UInt8(truncatingIfNeeded: min(code, largest) | bits >> 24 & 0x80)
  }
}
