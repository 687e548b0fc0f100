internal import DecantIR

/// Running sums and products, in terms of a `Scan` that carries the total.
///
/// Given: `%y = CumSum(%x, 1)`.
/// Result: `%last, %y = Scan(zeros, %x) {body: total + element}` along axis 1.
enum CumulativeExpansions {
  static let all = [Expansion("CumProd", product), Expansion("CumSum", sum)]

  @Sendable private static func product(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try scan(&parts, "Mul", from: 1)]
  }

  @Sendable private static func sum(_ parts: inout Expander) throws(OpError) -> [ValueID?] {
    [try scan(&parts, "Add", from: 0)]
  }

  private static func scan(_ parts: inout Expander, _ op: OpName, from start: Double) throws(OpError) -> ValueID? {
    let x = try parts.operand(0)
    let (type, rank) = (try parts.dataType(x), try parts.rank(x))
    guard let axes = parts.constant(try parts.operand(1))?.integers, axes.count == 1, rank > 0 else {
      throw OpError("'axis' is computed, and 'Scan' takes a constant")
    }
    let axis = try normalizeAxis(axes[0], rank: rank)
    var slice = parts.shape(x)
    slice?.dimensions.remove(at: axis)
    let body = body(op, .tensor(type, slice), isExclusive: parts.attributes.int("exclusive", default: 0) != 0)
    let extents: ValueID
    if let known = slice?.fixed {
      extents = parts.integers(known)
    } else {
      let outer = parts.extents(x, 0..<axis)
      extents = parts.concat([outer, parts.extents(x, axis + 1..<rank)], axis: 0)
    }
    let first = try Expander.converted(Tensor([start]), to: type)
    let total = parts.add("ConstantOfShape", [extents], ["value": .tensor(first)])
    let direction = Int64(parts.attributes.int("reverse", default: 0) != 0 ? 1 : 0)
    let results = parts.add(
      "Scan", [total, x],
      [
        "body": .graph(body), "num_scan_inputs": .int(1), "scan_input_axes": .ints([Int64(axis)]),
        "scan_input_directions": .ints([direction]), "scan_output_axes": .ints([Int64(axis)]),
        "scan_output_directions": .ints([direction]),
      ], wanted: [true, true])
    return results[1]
  }

  /// One step: the total so far and an element make the next total.
  private static func body(_ op: OpName, _ type: ValueType, isExclusive: Bool) -> Graph {
    Graph.build(name: "step") { step in
      let (total, element) = (step.addInput("total", type), step.addInput("element", type))
      let next = step.add(op, [total, element], name: "next", type: type)
      let given = step.add("Identity", [isExclusive ? total : next], name: "given", type: type)
      step.addOutput("next", next)
      step.addOutput("given", given)
    }
  }
}
