internal import DecantIR

/// Comparisons and limits in terms of `Less`, `Greater`, `Min` and `Max`.
enum ComparisonExpansions {
  static let all = [
    Expansion("CastLike", castLike), Expansion("Clip", clip), Expansion("Equal", equal),
    Expansion("GreaterOrEqual", greaterOrEqual), Expansion("IsInf", isInfinite), Expansion("IsNaN", isNotANumber),
    Expansion("LessOrEqual", lessOrEqual), Expansion("Max", largest), Expansion("Min", least),
    Expansion("Pow", keepsOperator: true, power), Expansion("Round", round),
  ]

  @Sendable private static func castLike(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let type = try parts.dataType(try parts.operand(1))
    var attributes: Attributes = ["to": .int(Int64(type.rawValue))]
    for name in ["saturate", "round_mode"] { attributes[name] = parts.attributes[name] }
    return [parts.add("Cast", [try parts.operand(0)], attributes)]
  }

  /// Limits that are computed.
  @Sendable private static func clip(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    var x = try parts.operand(0)
    if let least = parts.optional(1) { x = parts.add("Max", [x, least]) }
    if let most = parts.optional(2) { x = parts.add("Min", [x, most]) }
    return [x]
  }

  @Sendable private static func largest(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try chosen("Greater", &parts)]
  }

  @Sendable private static func least(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try chosen("Less", &parts)]
  }

  /// Of whole numbers, one after the other: the one that `op` holds for.
  private static func chosen(_ op: OpName, _ parts: inout Expander) throws(OpError) -> ValueID {
    var value = try parts.operand(0)
    for operand in parts.node.operands.dropFirst() {
      guard let operand else { continue }
      value = parts.add("Where", [parts.add(op, [value, operand]), value, operand])
    }
    return value
  }

  @Sendable private static func greaterOrEqual(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try or(equalAnd: "Greater", not: "Less", &parts)]
  }

  @Sendable private static func lessOrEqual(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try or(equalAnd: "Less", not: "Greater", &parts)]
  }

  private static func or(equalAnd op: OpName, not opposite: OpName, _ parts: inout Expander) throws(OpError) -> ValueID
  {
    let (a, b) = (try parts.operand(0), try parts.operand(1))
    guard try parts.dataType(a).isFloat else { return parts.add("Not", [parts.add(opposite, [a, b])]) }
    return try ordered(a, b, parts.add(opposite, [a, b]), &parts)
  }

  /// Equal floats are neither less nor greater, nor not a number.
  @Sendable private static func equal(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let (a, b) = (try parts.operand(0), try parts.operand(1))
    guard try parts.dataType(a).isFloat else { throw OpError("older versions do not compare \(try parts.dataType(a))") }
    let different = parts.add("Or", [parts.add("Less", [a, b]), parts.add("Greater", [a, b])])
    return [try ordered(a, b, different, &parts)]
  }

  /// Where neither `fails` nor an operand is not a number.
  private static func ordered(
    _ a: ValueID, _ b: ValueID, _ fails: ValueID, _ parts: inout Expander
  ) throws(OpError) -> ValueID {
    let unordered = parts.add("Or", [parts.add("IsNaN", [a]), parts.add("IsNaN", [b])])
    return parts.add("Not", [parts.add("Or", [fails, unordered])])
  }

  /// Beyond the largest number, on the sides that are asked for.
  @Sendable private static func isInfinite(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let most: Double =
      switch try parts.dataType(x) {
      case .float32: Double(Float.greatestFiniteMagnitude)
      case .float64: Double.greatestFiniteMagnitude
      case let type: throw OpError("older versions do not look for infinities in \(type)")
      }
    let positive = parts.attributes.int("detect_positive", default: 1) != 0
    let negative = parts.attributes.int("detect_negative", default: 1) != 0
    var found: ValueID?
    if positive { found = parts.add("Greater", [x, try parts.number(most, like: x)]) }
    if negative {
      let below = parts.add("Less", [x, try parts.number(-most, like: x)])
      found = found.map { parts.add("Or", [$0, below]) } ?? below
    }
    if let found { return [found] }
    let above = parts.add("Greater", [x, try parts.number(most, like: x)])
    return [parts.add("And", [above, parts.add("Not", [above])])]
  }

  /// Neither above -1 nor below 0.
  @Sendable private static func isNotANumber(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let above = parts.add("Greater", [x, try parts.number(-1, like: x)])
    let below = parts.add("Less", [x, try parts.number(0, like: x)])
    return [parts.add("Not", [parts.add("Or", [above, below])])]
  }

  /// The whole number below, and one more above the half, or at the half of odd ones.
  @Sendable private static func round(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let (half, two) = (try parts.number(0.5, like: x), try parts.number(2, like: x))
    let floor = parts.add("Floor", [x])
    let rest = parts.add("Sub", [x, floor])
    let even = parts.add("Mul", [two, parts.add("Floor", [parts.add("Div", [floor, two])])])
    let isOdd = parts.add("Greater", [parts.add("Sub", [floor, even]), half])
    let atHalf = parts.add("And", [isOdd, parts.add("Not", [parts.add("Less", [rest, half])])])
    let goesUp = parts.add("Or", [parts.add("Greater", [rest, half]), atHalf])
    return [parts.add("Add", [floor, try parts.cast(goesUp, to: try parts.dataType(x))])]
  }

  /// An exponent of another type than the base: of the base's, or both as floats where the base is whole.
  @Sendable private static func power(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let (base, exponent) = (try parts.operand(0), try parts.operand(1))
    let type = try parts.dataType(base)
    if type.isFloat { return [parts.add("Pow", [base, try parts.cast(exponent, to: type)])] }
    guard type.bitWidth <= 32 else { throw OpError("older versions do not raise \(type) to a power") }
    let wide = parts.add("Pow", [try parts.cast(base, to: .float64), try parts.cast(exponent, to: .float64)])
    return [parts.add("Cast", [wide], ["to": .int(Int64(type.rawValue))])]
  }
}
