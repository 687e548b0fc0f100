public import DecantIR

/// An integer type as the target of quantization.
public struct IntegerGrid: Sendable, Hashable {
  /// The type of the codes.
  public let type: DataType
  /// All codes of the type; values beyond are clipped to them.
  public let codes: ClosedRange<Int>

  /// A type of which only some codes are used.
  package init(type: DataType, codes: ClosedRange<Int>) {
    self.type = type
    self.codes = codes
  }

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
  ///
  /// - Parameter isReduced: half of them, so that sums of two products fit 16 bits on processors without VNNI.
  public func target(symmetric: Bool, isReduced: Bool = false) -> ClosedRange<Int> {
    if isReduced { return reduced }
    let narrow = symmetric && (type == .int8 || type == .int16)
    return narrow ? -codes.upperBound...codes.upperBound : codes
  }

  /// ONNX Runtime's `reduce_range`: half the codes, and for int8 and int16 one more.
  private var reduced: ClosedRange<Int> {
    switch type {
    case .int8: -64...64
    case .int16: -16384...16384
    default: codes.lowerBound / 2...codes.upperBound / 2
    }
  }

  /// Whether codes have a sign.
  public var isSigned: Bool { type.isSignedInteger }
}
