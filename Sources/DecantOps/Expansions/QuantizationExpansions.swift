internal import DecantIR

/// Quantization by axes and blocks in terms of arithmetic.
enum QuantizationExpansions {
  static let all = [
    Expansion("DequantizeLinear", dequantize), Expansion("DynamicQuantizeLinear", dynamic),
    Expansion("QuantizeLinear", quantize),
  ]

  /// Scales laid out beside the elements: extents of the operand, split where blocks are, and the axes that scales lack.
  private struct Layout {
    /// The shape in which operand and scales broadcast; nil where it is the operand's own.
    let split: [Int]?
    let whole: [Int]
    let missing: [Int]
  }

  private static func layout(_ parts: inout Expander) throws(OpError) -> Layout {
    let (x, scale) = (try parts.operand(0), try parts.operand(1))
    let block = parts.attributes.int("block_size", default: 0)
    let scaleRank = try parts.rank(scale)
    if scaleRank == 0 { return Layout(split: nil, whole: [], missing: []) }
    let rank = try parts.rank(x)
    let axis = try normalizeAxis(parts.attributes.int("axis", default: 1), rank: rank)
    guard block > 0 else { return Layout(split: nil, whole: [], missing: Array(axis + 1..<max(rank, axis + 1))) }
    let blocks = try parts.extent(scale, axis)
    guard try parts.extent(x, axis) == blocks * block else {
      throw OpError("the last block along axis \(axis) is not full")
    }
    var extents: [Int] = []
    for index in 0..<rank { extents.append(try parts.extent(x, index)) }
    var split = extents
    split.replaceSubrange(axis...axis, with: [blocks, block])
    return Layout(split: split, whole: extents, missing: [axis + 1])
  }

  private static func beside(_ value: ValueID, _ layout: Layout, _ parts: inout Expander) -> ValueID {
    layout.missing.isEmpty || parts.shape(value)?.rank == 0 ? value : parts.unsqueeze(value, layout.missing)
  }

  /// `(x - zero) * scale`.
  @Sendable private static func dequantize(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let layout = try layout(&parts)
    let scale = try parts.operand(1)
    let type = try parts.dataType(scale)
    var x = try parts.operand(0)
    if let split = layout.split { x = parts.reshape(x, split) }
    var value = try parts.cast(x, to: type)
    if let zero = parts.optional(2) {
      value = parts.add("Sub", [value, beside(try parts.cast(zero, to: type), layout, &parts)])
    }
    value = parts.add("Mul", [value, beside(scale, layout, &parts)])
    if layout.split != nil { value = parts.reshape(value, layout.whole) }
    if let wanted = try parts.attributes.dataType("output_dtype"), parts.attributes.int("output_dtype") != 0 {
      value = try parts.cast(value, to: wanted)
    }
    return [value]
  }

  /// `saturate(round(x / scale) + zero)`.
  @Sendable private static func quantize(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let layout = try layout(&parts)
    let (scale, zero) = (try parts.operand(1), parts.optional(2))
    var type = try zero.map { (value) throws(OpError) in try parts.dataType(value) } ?? .uint8
    if let wanted = try parts.attributes.dataType("output_dtype"), parts.attributes.int("output_dtype") != 0 {
      type = wanted
    }
    let limits: (least: Double, most: Double) =
      switch type {
      case .uint8: (0, 255)
      case .int8: (-128, 127)
      case .uint16: (0, 65535)
      case .int16: (-32768, 32767)
      default: throw OpError("older versions do not quantize to \(type)")
      }
    let working = try parts.dataType(scale)
    var x = try parts.cast(try parts.operand(0), to: working)
    if let split = layout.split { x = parts.reshape(x, split) }
    var value = parts.add("Round", [parts.add("Div", [x, beside(scale, layout, &parts)])])
    if let zero { value = parts.add("Add", [value, beside(try parts.cast(zero, to: working), layout, &parts)]) }
    let (least, most) = (try parts.number(limits.least, like: value), try parts.number(limits.most, like: value))
    value = try parts.cast(parts.add("Clip", [value, least, most]), to: type)
    if layout.split != nil { value = parts.reshape(value, layout.whole) }
    return [value]
  }

  /// Scale and zero point from the least and the largest element, 0 among them.
  @Sendable private static func dynamic(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let (zero, top) = (try parts.number(0, like: x), try parts.number(255, like: x))
    let least = parts.add("Min", [parts.add("ReduceMin", [x], ["keepdims": .int(0)]), zero])
    let most = parts.add("Max", [parts.add("ReduceMax", [x], ["keepdims": .int(0)]), zero])
    let scale = parts.add("Div", [parts.add("Sub", [most, least]), top])
    let place = parts.add("Div", [parts.add("Sub", [zero, least]), scale])
    // Quantizing by a scale of 1 rounds and saturates.
    let one = try parts.number(1, like: x)
    let point = parts.add("QuantizeLinear", [place, one, parts.constant(Tensor(scalar: UInt8(0)))])
    return [parts.add("QuantizeLinear", [x, scale, point]), scale, point]
  }
}
