internal import DecantIR

/// Movements of elements in terms of `Reshape`, `Transpose` and `Slice`.
enum LayoutExpansions {
  static let all = [
    Expansion("DepthToSpace", depthToSpace), Expansion("Flatten", flatten), Expansion("Identity", identity),
    Expansion("OptionalGetElement", identity), Expansion("OptionalHasElement", hasElement),
    Expansion("Range", range), Expansion("Shape", keepsOperator: true, shape), Expansion("SpaceToDepth", spaceToDepth),
    Expansion("TopK", keepsOperator: true, smallest), Expansion("Trilu", triangle),
  ]

  /// What is no optional, or may not be one in older versions, is itself.
  @Sendable private static func identity(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    if parts.node.op == "OptionalGetElement" { try refuseOptional(x, parts) }
    return [x]
  }

  @Sendable private static func hasElement(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    if let x = parts.optional(0) { try refuseOptional(x, parts) }
    return [parts.constant(Tensor(scalar: Boolean(parts.optional(0) != nil)))]
  }

  private static func refuseOptional(_ x: ValueID, _ parts: borrowing Expander) throws(OpError) {
    switch parts.rewriter.graph[x].type {
    case .tensor, .sequence: return
    default: throw OpError("whether the operand is an optional is not known")
    }
  }

  /// Blocks of channels become places, in the order column, row, depth.
  @Sendable private static func depthToSpace(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    guard let block = parts.attributes.int("blocksize"), (1...4096).contains(block) else {
      throw OpError("'blocksize' expected in 1...4096")
    }
    let (channels, height, width) = (try parts.extent(x, 1), try parts.extent(x, 2), try parts.extent(x, 3))
    let depth = channels / (block * block)
    let isColumnFirst = parts.attributes.string("mode") == "CRD"
    let split = isColumnFirst ? [0, depth, block, block, height, width] : [0, block, block, depth, height, width]
    let order = isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]
    let moved = parts.transpose(parts.reshape(x, split), order)
    return [parts.reshape(moved, [0, depth, height * block, width * block])]
  }

  /// Places become blocks of channels, in the order column, row, depth.
  @Sendable private static func spaceToDepth(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    guard let block = parts.attributes.int("blocksize"), (1...4096).contains(block) else {
      throw OpError("'blocksize' expected in 1...4096")
    }
    let (depth, height, width) = (
      try parts.extent(x, 1), try parts.extent(x, 2) / block, try parts.extent(x, 3) / block
    )
    let split = parts.reshape(x, [0, depth, height, block, width, block])
    let order = parts.attributes.string("mode") == "CRD" ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
    return [parts.reshape(parts.transpose(split, order), [0, depth * block * block, height, width])]
  }

  /// `Reshape` to two axes.
  @Sendable private static func flatten(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    var axis = parts.attributes.int("axis", default: 1)
    if axis < 0 { axis += try parts.rank(x) }
    guard axis > 1 else { return [parts.reshape(x, [axis == 0 ? 1 : 0, -1])] }
    var rows = 1
    for index in 0..<axis {
      let (product, overflows) = rows.multipliedReportingOverflow(by: try parts.extent(x, index))
      guard !overflows else { throw OpError("the extents are too large") }
      rows = product
    }
    return [parts.reshape(x, [rows, -1])]
  }

  /// A part of the shape.
  @Sendable private static func shape(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let start = parts.attributes.int("start", default: 0)
    let end = parts.attributes.int("end") ?? Int.max
    return [parts.slice(parts.add("Shape", [try parts.operand(0)]), axis: 0, from: start, to: end)]
  }

  /// The smallest elements: the largest of the negated.
  @Sendable private static func smallest(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let type = try parts.dataType(x)
    guard type.isFloat else { throw OpError("older versions do not look for the smallest of \(type)") }
    var attributes = parts.attributes
    attributes["largest"] = nil
    let found = parts.add("TopK", [parts.add("Neg", [x]), try parts.operand(1)], attributes, results: 2)
    return [found[0].map { parts.add("Neg", [$0]) }, found[1]]
  }

  /// `start + delta * i` for as many `i` as are before `limit`.
  @Sendable private static func range(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let (start, limit, delta) = (try parts.operand(0), try parts.operand(1), try parts.operand(2))
    let type = try parts.dataType(start)
    let wide: DataType = type.isFloat ? type : .float64
    let span = try parts.cast(parts.add("Sub", [limit, start]), to: wide)
    let steps = parts.add("Relu", [parts.add("Ceil", [parts.add("Div", [span, try parts.cast(delta, to: wide)])])])
    let count = parts.unsqueeze(try parts.cast(steps, to: .int64), [0])
    let ones = parts.add("ConstantOfShape", [count], ["value": .tensor(Tensor([Int64(1)]))])
    let places = parts.add("Squeeze", [parts.add("NonZero", [ones]), parts.integers([0])])
    let way = parts.add("Mul", [try parts.cast(places, to: type), delta])
    return [parts.add("Add", [start, way])]
  }

  /// The elements on one side of a diagonal, the others 0.
  @Sendable private static func triangle(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    let x = try parts.operand(0)
    let rank = try parts.rank(x)
    guard rank >= 2 else { throw OpError("operand 0: expected rank 2 or more, got \(rank)") }
    let zero = parts.constant(Tensor(scalar: Int64(0)))
    let one = parts.constant(Tensor(scalar: Int64(1)))
    let offset = parts.optional(1) ?? zero
    func places(_ axis: Int, _ across: Int, _ parts: inout Expander) -> ValueID {
      let count = parts.add("Squeeze", [parts.extents(x, axis..<axis + 1), parts.integers([0])])
      return parts.unsqueeze(parts.add("Range", [zero, count, one]), [across])
    }
    let diagonal = parts.add("Add", [places(rank - 2, 1, &parts), offset])
    let columns = places(rank - 1, 0, &parts)
    let isUpper = parts.attributes.int("upper", default: 1) != 0
    let dropped = parts.add(isUpper ? "Less" : "Greater", [columns, diagonal])
    return [parts.add("Where", [dropped, try parts.number(0, like: x), x])]
  }
}
