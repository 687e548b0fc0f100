public import DecantIR

/// An integer type as the target of quantization.
public struct IntegerGrid: Sendable, Hashable {
  /// The type of the codes.
  public let type: DataType
  /// All codes of the type; values beyond are clipped to them.
  public let codes: ClosedRange<Int>

  /// The grid of `type`; nil unless it is an 8-, 16- or 4-bit integer type.
  public init?(_ type: DataType) {
    switch type {
    case .int8: codes = -128...127
    case .uint8: codes = 0...255
    case .int16: codes = -32768...32767
    case .uint16: codes = 0...65535
    case .int4: codes = -8...7
    case .uint4: codes = 0...15
    default: return nil
    }
    self.type = type
  }

  /// The codes that a range is mapped to: all of them, or fewer when zero shall be in the middle of a signed type.
  public func target(symmetric: Bool) -> ClosedRange<Int> {
    let narrow = symmetric && (type == .int8 || type == .int16)
    return narrow ? -codes.upperBound...codes.upperBound : codes
  }

  /// Whether codes have a sign.
  public var isSigned: Bool { type.isSignedInteger }
}
