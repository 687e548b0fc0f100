internal import DecantIR

extension Rewriter {
  /// Makes all readers of `old` read `new`, which learns what was known of the type of `old`.
  mutating func redirect(_ old: ValueID, to new: ValueID) {
    refine(new, graph[old].type)
    replaceAllUses(of: old, with: new)
  }

  /// Adds to what is known of a computed value's type. The types of inputs are the interface, and stay.
  mutating func refine(_ value: ValueID, _ type: ValueType) {
    guard graph[value].producer != nil, let merged = graph[value].type.merged(with: type), merged != graph[value].type
    else { return }
    setType(value, merged)
  }

  /// Makes all readers of `node`'s first result read `value`, and erases `node` and what then is dead before it.
  ///
  /// Precondition: other results of `node` are not read.
  mutating func forward(_ node: NodeID, to value: ValueID) {
    if let result = graph[node].result(0) { redirect(result, to: value) }
    eraseWithProducers(node)
  }

  /// Replaces operand `index` of `node`, and erases what then is dead before it.
  mutating func exchange(operand index: Int, of node: NodeID, for value: ValueID?) {
    let producer = graph.producer(ofOperand: index, of: node)
    setOperand(index, of: node, to: value)
    if let producer { eraseWithProducers(producer) }
  }
}

extension Rewriter {
  /// Turns `node`, an operator that reshapes, into a `Reshape` of `source`. Its result keeps its name.
  mutating func makeReshape(_ node: NodeID, of source: ValueID, to shape: ValueID) {
    setOp(node, "Reshape")
    for name in ["allowzero", "axis"] { setAttribute(node, name, nil) }
    setOperands(node, [source, shape])
  }

  /// Puts a new constant in the place of operand `index` of `node`, or after the last operand.
  ///
  /// It takes the name of the old one when nothing else reads that, or else a fresh name made from that or from `name`.
  mutating func exchange(constant index: Int, of node: NodeID, for tensor: Tensor, name: String = "") {
    let old = graph[node].operand(index)
    let oldName = old.map { graph[$0].name }
    let new = addInitializer(oldName ?? name, tensor)
    var operands = Array(graph[node].declaredOperands)
    while operands.count <= index { operands.append(nil) }
    operands[index] = new
    setOperands(node, operands)
    guard let old, let oldName, graph[old].useCount == 0, graph[old].constant != nil else { return }
    erase(old)
    rename(new, to: oldName)
  }

  /// Replaces `node` by `value`, which now computes the same, and passes the name of its result on.
  mutating func replace(_ node: NodeID, by value: ValueID) {
    let name = graph[node].result(0).map { graph[$0].name }
    forward(node, to: value)
    if let name, graph.contains(value) { rename(value, to: name) }
  }
}
