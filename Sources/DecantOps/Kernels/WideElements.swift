internal import DecantIR

extension Tensor {
  /// The elements in the widest type of their kind.
  func wideElements() throws(OpError) -> WideElements {
    if let strings { return .strings(strings) }
    switch dataType {
    case .float64: if let values = array(of: Double.self) { return .doubles(values) }
    case .uint64: if let values = array(of: UInt64.self) { return .unsigned(values) }
    case .bool: if let values = array(of: Boolean.self) { return .signed(values.map { $0.value ? 1 : 0 }) }
    case let type where type.isInteger: if let values = integers { return .signed(values.map(Int64.init)) }
    default: if let values = floats { return .floats(values) }
    }
    throw OpError("\(dataType) cannot be converted", kind: .unsupported)
  }
}

extension WideElements {
  func floats() throws(OpError) -> [Float] {
    switch self {
    case .floats(let values): values
    case .doubles(let values): values.map { Float($0) }
    case .signed(let values): values.map { Float($0) }
    case .unsigned(let values): values.map { Float($0) }
    case .strings(let values): try values.mapThrowing(WideElements.parseFloat)
    }
  }

  func doubles() throws(OpError) -> [Double] {
    switch self {
    case .floats(let values): values.map { Double($0) }
    case .doubles(let values): values
    case .signed(let values): values.map { Double($0) }
    case .unsigned(let values): values.map { Double($0) }
    case .strings(let values): try values.mapThrowing(WideElements.parseDouble)
    }
  }

  /// The elements as floats that round to any shorter float type as the elements themselves would: rounded to odd, so that
  /// rounding twice is rounding once.
  func floatsToRound() throws(OpError) -> [Float] {
    switch self {
    case .floats(let values): values
    case .doubles(let values): values.map(WideElements.roundToOdd)
    case .signed(let values): values.map { WideElements.roundToOdd($0) }
    case .unsigned(let values): values.map { WideElements.roundToOdd($0) }
    case .strings(let values): try values.mapThrowing(WideElements.parseDouble).map(WideElements.roundToOdd)
    }
  }

  func truths() throws(OpError) -> [Boolean] {
    switch self {
    case .floats(let values): values.map { Boolean($0 != 0) }
    case .doubles(let values): values.map { Boolean($0 != 0) }
    case .signed(let values): values.map { Boolean($0 != 0) }
    case .unsigned(let values): values.map { Boolean($0 != 0) }
    case .strings: throw OpError("strings cannot be cast to bool", kind: .unsupported)
    }
  }

  func integers<I: FixedWidthInteger>(_ type: I.Type) throws(OpError) -> [I] {
    switch self {
    case .floats(let values): values.map { WideElements.cut(Double($0)) }
    case .doubles(let values): values.map { WideElements.cut($0) }
    case .signed(let values): values.map { I(truncatingIfNeeded: $0) }
    case .unsigned(let values): values.map { I(truncatingIfNeeded: $0) }
    case .strings(let values):
      try values.mapThrowing { (text) throws(OpError) -> I in
        if let exact = text.text.flatMap({ I($0) }) { return exact }
        return WideElements.cut(try WideElements.parseDouble(text))
      }
    }
  }

  /// The low bits of integers of a packed type, one to a byte.
  func narrowIntegers(_ type: DataType) throws(OpError) -> [UInt8] {
    let mask = UInt8((1 << type.bitWidth) - 1)
    return try integers(UInt8.self).map { $0 & mask }
  }

  /// Towards zero; 0 for NaN. Beyond the range, types of 32 and 64 bits take their nearest end, and shorter ones the low
  /// bits: the standard leaves it open, and this is what common machines do.
  private static func cut<I: FixedWidthInteger>(_ value: Double) -> I {
    I.bitWidth >= 32 ? truncate(value) : I(truncatingIfNeeded: truncate(value) as Int64)
  }

  /// Towards zero, within the range of the type; 0 for NaN.
  private static func truncate<I: FixedWidthInteger>(_ value: Double) -> I {
    // Both bounds are powers of two, so that they are exact.
    let upper = Double(sign: .plus, exponent: I.isSigned ? I.bitWidth - 1 : I.bitWidth, significand: 1)
    let lower = I.isSigned ? -upper : -1
    guard value > lower, value < upper else { return value.isNaN ? 0 : value < 0 ? I.min : I.max }
    return I(value)
  }

  /// The nearest float towards zero, with its last bit set when that is not exact.
  static func roundToOdd(_ value: Double) -> Float {
    let nearest = Float(value)
    guard !value.isNaN, !value.isInfinite, Double(nearest) != value else { return nearest }
    let cut = Double(nearest.magnitude) > value.magnitude ? nearest.magnitude.nextDown : nearest.magnitude
    let odd = Float(bitPattern: cut.bitPattern | 1)
    return value < 0 ? -odd : odd
  }

  /// The nearest float towards zero, with its last bit set when that is not exact.
  static func roundToOdd<I: FixedWidthInteger>(_ value: I) -> Float {
    let nearest = Float(value)
    guard I(exactly: nearest) != value else { return nearest }
    // Inexact floats of integers are whole numbers; the largest may lie one step beyond the type.
    let magnitude = Float(exactly: nearest)?.magnitude ?? nearest.magnitude
    let isLarger = I.Magnitude(exactly: magnitude).map { $0 > value.magnitude } ?? true
    let odd = Float(bitPattern: (isLarger ? magnitude.nextDown : magnitude).bitPattern | 1)
    return value < 0 ? -odd : odd
  }

  private static func parseDouble(_ text: ByteString) throws(OpError) -> Double {
    try parse(text) { Double($0) }
  }

  private static func parseFloat(_ text: ByteString) throws(OpError) -> Float {
    try parse(text) { Float($0) }
  }

  private static func parse<R: BinaryFloatingPoint>(
    _ bytes: ByteString, _ number: (String) -> R?
  ) throws(OpError) -> R {
    let text = String((bytes.text ?? "").lowercased().drop { $0 == " " })
    switch text {
    case "inf", "+inf": return .infinity
    case "-inf": return -.infinity
    case "nan": return .nan
    default:
      guard let value = number(text) else { throw OpError("expected a number, got the string '\(bytes)'") }
      return value
    }
  }
}

extension Array {
  /// `map` whose closure throws an ``OpError``.
  func mapThrowing<R>(_ body: (Element) throws(OpError) -> R) throws(OpError) -> [R] {
    var result: [R] = []
    result.reserveCapacity(count)
    for element in self { result.append(try body(element)) }
    return result
  }
}

extension Tensor {
  /// Whether an integer element is 0.
  var containsZero: Bool {
    switch dataType {
    case .int64: contains(Int64(0))
    case .int32: contains(Int32(0))
    case .int16: contains(Int16(0))
    case .int8: contains(Int8(0))
    case .uint64: contains(UInt64(0))
    case .uint32: contains(UInt32(0))
    case .uint16: contains(UInt16(0))
    case .uint8: contains(UInt8(0))
    default: false
    }
  }

  private func contains<Element: TensorElement & Equatable>(_ element: Element) -> Bool {
    let span = span(of: Element.self)
    return unsafe span.withUnsafeBufferPointer { unsafe $0.contains(element) }
  }
}
