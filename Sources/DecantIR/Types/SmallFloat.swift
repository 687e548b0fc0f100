/// The layout of a floating-point type of 8 bits or fewer, and the conversions from and to float32.
public struct SmallFloat: Sendable, Hashable {
  /// What the patterns at the top of the range mean.
  public enum Specials: Sendable, Hashable {
    /// As IEEE 754: the top exponent holds infinity and NaN (E5M2).
    case ieee
    /// All exponents are finite but for the pattern of all ones, which is NaN (E4M3FN).
    case nanOnly
    /// No negative zero, no infinity; that one pattern is NaN (the FNUZ types).
    case unsignedZero
    /// Every pattern is a finite number (E2M1).
    case none
  }

  let exponentBits: Int
  let mantissaBits: Int
  let bias: Int
  let specials: Specials

  /// The layout of a small float type; nil for others. `f8e8m0` is a bare power of two and has its own conversions.
  public static func layout(of type: DataType) -> SmallFloat? {
    switch type {
    case .float8E4M3FN: SmallFloat(exponentBits: 4, mantissaBits: 3, bias: 7, specials: .nanOnly)
    case .float8E4M3FNUZ: SmallFloat(exponentBits: 4, mantissaBits: 3, bias: 8, specials: .unsignedZero)
    case .float8E5M2: SmallFloat(exponentBits: 5, mantissaBits: 2, bias: 15, specials: .ieee)
    case .float8E5M2FNUZ: SmallFloat(exponentBits: 5, mantissaBits: 2, bias: 16, specials: .unsignedZero)
    case .float4E2M1: SmallFloat(exponentBits: 2, mantissaBits: 1, bias: 1, specials: .none)
    default: nil
    }
  }

  private var signBit: UInt8 { 1 << UInt8(exponentBits + mantissaBits) }
  private var magnitudeMask: UInt8 { signBit &- 1 }

  /// The largest finite magnitude's bits.
  private var largest: UInt8 {
    switch specials {
    case .ieee: UInt8((1 << exponentBits) - 1) << UInt8(mantissaBits) &- 1
    case .nanOnly: magnitudeMask &- 1
    case .unsignedZero, .none: magnitudeMask
    }
  }

  private var notANumber: UInt8? {
    switch specials {
    case .ieee: magnitudeMask
    case .nanOnly: magnitudeMask
    case .unsignedZero: signBit
    case .none: nil
    }
  }

  private var infinity: UInt8? {
    specials == .ieee ? UInt8((1 << exponentBits) - 1) << UInt8(mantissaBits) : nil
  }

  /// The exact value of the low bits of `bits`.
  public func decode(_ bits: UInt8) -> Float {
    let magnitude = bits & magnitudeMask
    let negative = bits & signBit != 0
    if specials == .unsignedZero, bits & (signBit | magnitudeMask) == signBit { return .nan }
    if specials == .nanOnly, magnitude == magnitudeMask { return negative ? -.nan : .nan }
    if let infinity, magnitude >= infinity {
      let value: Float = magnitude == infinity ? .infinity : .nan
      return negative ? -value : value
    }
    let exponent = Int(magnitude >> UInt8(mantissaBits))
    let mantissa = Float(magnitude & (1 << UInt8(mantissaBits) - 1))
    let unit = Float(sign: .plus, exponent: max(exponent, 1) - bias - mantissaBits, significand: 1)
    let implicit = exponent == 0 ? 0 : Float(1 << mantissaBits)
    let value = (implicit + mantissa) * unit
    return negative ? -value : value
  }

  /// The nearest value, halves to even.
  ///
  /// Beyond the largest finite value the result saturates when `saturate` is set (infinities too), else it is infinity
  /// or NaN as the type has them (ONNX `Cast`, attribute `saturate`).
  public func encode(_ value: Float, saturate: Bool = true) -> UInt8 {
    let sign: UInt8 = value.sign == .minus ? signBit : 0
    if value.isNaN { return notANumber.map { specials == .unsignedZero ? $0 : $0 | sign } ?? 0 }
    let overflow: UInt8 =
      saturate
      ? largest | sign
      : infinity.map { $0 | sign } ?? notANumber.map { specials == .unsignedZero ? $0 : $0 | sign }
        ?? largest | sign
    if value.isInfinite { return overflow }
    let magnitude = value.magnitude
    let exponent = max(magnitude == 0 ? Int.min : Int(magnitude.exponent), 1 - bias)
    let unit = Float(sign: .plus, exponent: exponent - mantissaBits, significand: 1)
    let steps = (magnitude / unit).rounded(.toNearestOrEven)
    // Steps run from 0 to 2^(mantissaBits + 1); the top one carries into the exponent by itself.
    let biased = exponent + bias
    let bits = steps < Float(1 << mantissaBits) ? Int(steps) : (biased - 1) << mantissaBits + Int(steps)
    guard bits <= Int(largest) else { return overflow }
    let result = UInt8(bits)
    return specials == .unsignedZero && result == 0 ? 0 : result | sign
  }

  /// The value of an `f8e8m0` pattern: 2^(bits − 127), 255 is NaN.
  public static func decodeE8M0(_ bits: UInt8) -> Float {
    bits == 255 ? .nan : Float(Double(sign: .plus, exponent: Int(bits) - 127, significand: 1))
  }
}
