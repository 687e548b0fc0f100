internal import DecantIR

/// `Scan` before opset 9, which ran over every sequence of a batch on its own.
///
/// Given: `%s, %y = Scan(%state, %x) {body: b}`.
/// Result: the same of a batch of one, `%s, %y = Scan(, %state, %x) {body: b}`, all with one more axis at the front.
enum ScanDowngrades {
  static let steps = [OpsetStep("Scan", 9, batch)]

  private static func batch(_ node: NodeID, _ rewriter: inout Rewriter) throws(OpError) {
    let whole = rewriter.graph[node]
    let operands = whole.declaredOperands.compactMap { $0 }
    guard let scanned = whole.attributes.int("num_scan_inputs"), (1...max(operands.count, 1)).contains(scanned) else {
      throw OpError("'num_scan_inputs' expected in 1...\(operands.count)")
    }
    guard whole.attributes.ints("scan_output_directions")?.contains(1) != true else {
      throw OpError("older versions give no results from the end")
    }
    let states = operands.count - scanned
    let inputs = try axes("scan_input_axes", of: whole, operands[states...].map(Optional.some), rewriter.graph)
    let outputs = try axes("scan_output_axes", of: whole, whole.results.dropFirst(states), rewriter.graph)

    var batched: [ValueID?] = [nil]
    for (index, operand) in operands.enumerated() {
      var value = operand
      let name = rewriter.graph[operand].name
      if index >= states, let (axis, rank) = inputs[index - states] {
        let order = [axis] + (0..<rank).filter { $0 != axis }
        value = rewriter.add(
          "Transpose", [value], ["perm": .ints(order.map { Int64($0) })], name: "\(name)_scanned", at: .before(node))
      }
      batched.append(
        rewriter.add("Unsqueeze", [value], ["axes": .ints([0])], name: "\(name)_batch", at: .before(node)))
    }
    rewriter.setOperands(node, batched)
    for (index, result) in whole.results.enumerated() {
      guard let result, rewriter.graph[result].useCount > 0 else { continue }
      rewriter.wrapResult(result, of: node, suffix: "batch") { result, rewriter in
        let name = rewriter.graph[result].name
        let single = rewriter.add("Squeeze", [result], ["axes": .ints([0])], name: "\(name)_single", at: .after(node))
        guard index >= states, let (axis, rank) = outputs[index - states],
          let squeeze = rewriter.graph[single].producer
        else { return single }
        var order = Array(1..<Int64(rank))
        order.insert(0, at: axis)
        return rewriter.add("Transpose", [single], ["perm": .ints(order)], name: name, at: .after(squeeze))
      }
    }
    rewriter.setAttribute(node, "directions", whole.attributes["scan_input_directions"])
    for name in ["scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions"] {
      rewriter.setAttribute(node, name, nil)
    }
  }

  /// The axis and the rank of each value whose axis is not the first; nil for the others.
  private static func axes(
    _ name: String, of node: Node, _ values: some Sequence<ValueID?>, _ graph: Graph
  ) throws(OpError) -> [(axis: Int, rank: Int)?] {
    let given = node.attributes.ints(name) ?? []
    var axes: [(axis: Int, rank: Int)?] = []
    for (index, value) in values.enumerated() {
      guard let value, index < given.count, given[index] != 0 else {
        axes.append(nil)
        continue
      }
      guard let rank = graph.rank(of: value) else {
        throw OpError("older versions run along the first axis, and the rank of '\(graph[value].name)' is not known")
      }
      axes.append((try normalizeAxis(given[index], rank: rank, name: name), rank))
    }
    return axes
  }
}
