internal import DecantIR

/// Normalizations in terms of means and differences.
enum NormalizationExpansions {
  static let all = [
    Expansion("GroupNormalization", group), Expansion("LayerNormalization", layer),
    Expansion("MeanVarianceNormalization", meanVariance), Expansion("RMSNormalization", rootMeanSquare),
  ]

  /// The axes from attribute `axis` on, and the operand in the type that sums are formed in.
  private static func prepare(_ parts: inout Expander) throws(OpError) -> (x: ValueID, axes: [Int], stash: DataType) {
    let x = try parts.operand(0)
    let rank = try parts.rank(x)
    let axis = try normalizeAxis(parts.attributes.int("axis", default: -1), rank: rank)
    let stash = try stashType(parts.attributes)
    return (try parts.cast(x, to: stash), Array(axis..<rank), stash)
  }

  private static func stashType(_ attributes: Attributes) throws(OpError) -> DataType {
    try attributes.dataType("stash_type") ?? .float32
  }

  private static func mean(_ x: ValueID, _ axes: [Int], _ parts: inout Expander) -> ValueID {
    parts.add("ReduceMean", [x, parts.integers(axes)])
  }

  /// `1 / sqrt(mean(x²) + epsilon)`.
  private static func inverseDeviation(
    _ centred: ValueID, _ axes: [Int], _ parts: inout Expander
  ) throws(OpError) -> ValueID {
    let variance = mean(parts.add("Mul", [centred, centred]), axes, &parts)
    let epsilon = try parts.number(Double(parts.attributes.float("epsilon", default: 1e-5)), like: variance)
    return parts.add("Reciprocal", [parts.add("Sqrt", [parts.add("Add", [variance, epsilon])])])
  }

  /// `(x - mean) / deviation * scale + bias`, over the axes from `axis` on.
  @Sendable private static func layer(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let type = try parts.dataType(try parts.operand(0))
    let (x, axes, _) = try prepare(&parts)
    let mean = mean(x, axes, &parts)
    let centred = parts.add("Sub", [x, mean])
    let inverse = try inverseDeviation(centred, axes, &parts)
    let normal = try parts.cast(parts.add("Mul", [centred, inverse]), to: type)
    var result = parts.add("Mul", [normal, try parts.operand(1)])
    if let bias = parts.optional(2) { result = parts.add("Add", [result, bias]) }
    return [result, mean, inverse]
  }

  /// `x / sqrt(mean(x²)) * scale`, over the axes from `axis` on.
  @Sendable private static func rootMeanSquare(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let type = try parts.dataType(try parts.operand(0))
    let (x, axes, _) = try prepare(&parts)
    let inverse = try inverseDeviation(x, axes, &parts)
    let normal = try parts.cast(parts.add("Mul", [x, inverse]), to: type)
    return [parts.add("Mul", [normal, try parts.operand(1)])]
  }

  /// Each group of channels to mean 0 and deviation 1, then a scale and a bias for each channel.
  @Sendable private static func group(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let (type, rank) = (try parts.dataType(x), try parts.rank(x))
    guard let groups = parts.attributes.int("num_groups"), groups > 0 else {
      throw OpError("attribute 'num_groups' is missing")
    }
    guard rank > 2 else { throw OpError("operand 0: expected rank 3 or more, got \(rank)") }
    let rows = parts.reshape(try parts.cast(x, to: try stashType(parts.attributes)), [0, groups, -1])
    let centred = parts.add("Sub", [rows, mean(rows, [2], &parts)])
    let inverse = try inverseDeviation(centred, [2], &parts)
    let normal = parts.add("Reshape", [parts.add("Mul", [centred, inverse]), parts.add("Shape", [x])])
    let spatial = Array(1..<rank - 1)
    let scale = parts.unsqueeze(try parts.operand(1), spatial)
    let bias = parts.unsqueeze(try parts.operand(2), spatial)
    return [parts.add("Add", [parts.add("Mul", [try parts.cast(normal, to: type), scale]), bias])]
  }

  /// `(x - mean) / (deviation + 1e-9)` over `axes`.
  @Sendable private static func meanVariance(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let axes = parts.attributes.ints("axes") ?? [0, 2, 3]
    let mean = mean(x, axes, &parts)
    let squares = parts.add(
      "Sub",
      [
        self.mean(parts.add("Mul", [x, x]), axes, &parts), parts.add("Mul", [mean, mean]),
      ])
    let deviation = parts.add("Add", [parts.add("Sqrt", [squares]), try parts.number(1e-9, like: x)])
    return [parts.add("Div", [parts.add("Sub", [x, mean]), deviation])]
  }
}
