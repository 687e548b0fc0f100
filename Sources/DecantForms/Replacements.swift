package import DecantIR

/// Changes of nodes that keep names.
extension Rewriter {
  /// Erases what only quantizes or dequantizes and is not read, last nodes first, and constants that are not read.
  package mutating func dropUnreadCodes() {
    for node in graph.order.reversed() where isUnread(node) {
      guard ["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"].contains(graph[node].op.type) else {
        continue
      }
      erase(node)
    }
    for value in graph.initializers where graph[value].useCount == 0 { erase(value) }
  }

  /// Gives the readers of `old` the value `new`, and `new` the name of `old`, whose producer goes.
  package mutating func takePlace(of old: ValueID, with new: ValueID) {
    let name = graph[old].name
    replaceAllUses(of: old, with: new)
    if let node = graph[old].producer, isUnread(node) { erase(node) } else { rename(old, to: name + "_before") }
    rename(new, to: name)
  }

  /// Makes a node another operator with other operands and attributes; its results stay.
  package mutating func setAll(_ node: NodeID, _ op: OpName, _ operands: [ValueID?], _ attributes: Attributes) {
    for (name, _) in graph[node].attributes { setAttribute(node, name, nil) }
    setOp(node, op)
    setOperands(node, operands)
    for (name, value) in attributes { setAttribute(node, name, value) }
  }

  /// Adds `addend` to the result of `node`, whose readers get the sum under the result's name.
  package mutating func append(_ addend: ValueID, to node: NodeID) {
    guard let result = graph[node].result(0) else { return }
    let (name, type) = (graph[result].name, graph[result].type)
    let sum = add("Add", [addend, addend], name: name + "_sum", type: type, at: .after(node))
    replaceAllUses(of: result, with: sum)
    rename(result, to: name + "_product")
    rename(sum, to: name)
    guard let made = graph[sum].producer else { return }
    setOperand(0, of: made, to: result)
    setName(made, graph[node].name + "_bias_add")
  }
}
