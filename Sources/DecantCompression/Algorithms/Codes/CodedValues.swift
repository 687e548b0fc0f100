internal import DecantIR

/// Which values exist as codes, and how their float forms come back where something still reads those.
///
/// A quantizer that puts integer operators in walks the nodes in order and says here which values have codes. Operators
/// that stay in float then read DequantizeLinear of them, as the graph's outputs do.
struct CodedValues {
  /// A value's codes and what they mean.
  struct Coded {
    let codes: ValueID
    let scale: ValueID
    let zeroPoint: ValueID
    /// The axis of the channels; nil for one scale in all.
    var axis: Int?
    /// Whether the float value is computed beside its codes.
    var keepsFloat = false
  }

  private var table: [ValueID: Coded] = [:]
  private var floats: [ValueID: ValueID] = [:]
  private var names: [ValueID: String] = [:]
  private var order: [ValueID] = []
  private var retired: [NodeID] = []

  /// The codes of a value; nil when it has none.
  subscript(value: ValueID) -> Coded? { table[value] }

  /// Says that `value` has codes.
  mutating func set(_ value: ValueID, _ coded: Coded, _ graph: Graph) {
    if table.updateValue(coded, forKey: value) == nil { order.append(value) }
    names[value] = graph[value].name
  }

  /// Says that integer operators took the place of `node`; it goes in the end.
  mutating func retire(_ node: NodeID) { retired.append(node) }

  /// Lets `node`, which stays in float, read float forms of operands that exist as codes only.
  mutating func readFloats(_ node: NodeID, _ rewriter: inout Rewriter) {
    for (index, operand) in rewriter.graph[node].operands.enumerated() {
      guard let operand, let value = float(operand, at: .before(node), &rewriter) else { continue }
      rewriter.setOperand(index, of: node, to: value)
    }
  }

  /// The float form of a value that exists as codes only; nil for all others.
  mutating func float(_ value: ValueID, at position: Rewriter.Position, _ rewriter: inout Rewriter) -> ValueID? {
    guard let coded = table[value], !coded.keepsFloat else { return nil }
    if let known = floats[value] { return known }
    let name = names[value] ?? rewriter.graph[value].name
    if rewriter.graph[value].producer != nil { rewriter.rename(value, to: name + "_float") }
    let result = rewriter.add(
      "DequantizeLinear", [coded.codes, coded.scale, coded.zeroPoint],
      coded.axis.map { ["axis": .int(Int64($0))] } ?? [:], name: name, type: rewriter.graph[value].type, at: position)
    if let node = rewriter.graph[result].producer { rewriter.setName(node, name + "_DequantizeLinear") }
    floats[value] = result
    return result
  }

  /// Gives the outputs their float forms and drops what nothing reads any more.
  mutating func finish(_ rewriter: inout Rewriter) {
    for value in order where rewriter.graph.isOutput(value) {
      guard let result = float(value, at: .end, &rewriter) else { continue }
      for case .output(let index) in rewriter.graph.uses(of: value) {
        rewriter.replace(.output(index: index), with: result)
      }
    }
    for node in retired.reversed() where rewriter.isUnread(node) { rewriter.erase(node) }
    for value in rewriter.graph.initializers where rewriter.graph[value].useCount == 0 { rewriter.erase(value) }
  }
}
