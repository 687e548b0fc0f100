internal import DecantIR

/// Drawn numbers in terms of evenly spread ones.
enum RandomExpansions {
  static let all = [Expansion("Bernoulli", bernoulli)]

  /// 1 where a number from 0 up to 1 is below the probability. The draws are others than those of `Bernoulli`, as they are in
  /// every engine.
  @Sendable private static func bernoulli(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let given = try parts.dataType(x)
    let type = try parts.attributes.dataType("dtype") ?? given
    var attributes: Attributes = [:]
    attributes["seed"] = parts.attributes["seed"]
    let drawn = parts.add("Less", [parts.add("RandomUniformLike", [x], attributes), x])
    return [parts.add("Cast", [drawn], ["to": .int(Int64(type.rawValue))])]
  }
}
