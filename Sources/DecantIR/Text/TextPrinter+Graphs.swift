internal import DecantBytes

extension TextPrinter {
  mutating func print(_ graph: Graph) throws(DecantError) {
    write("graph ")
    write(sigil: "@", graph.name)
    write("(")
    try writeInterface(graph.inputs) { (printer, id) throws(DecantError) in
      let input = graph[id]
      printer.write(sigil: "%", input.name)
      printer.write(typeSuffix: input.type)
      if let data = input.data {
        printer.write(" = ")
        try printer.write(data, of: input.name, expecting: input.type)
      }
      try printer.write(spaced: input.annotations)
    }
    write(") -> (")
    try writeInterface(graph.outputs) { (printer, output) throws(DecantError) in
      printer.write(sigil: "%", output.name)
      printer.write(typeSuffix: output.declaredType)
      try printer.write(spaced: output.annotations)
    }
    write(")")
    try write(spaced: graph.annotations)
    write(" {")
    indentation += 1
    for id in graph.initializers { try printInitializer(id, of: graph) }
    for id in graph.order { try printNode(id, of: graph) }
    try newLine()
    write("return")
    try writeList(graph.outputs, ",") { (printer, output) in
      printer.write(" ")
      printer.write(sigil: "%", graph[output.value].name)
    }
    indentation -= 1
    try newLine()
    write("}")
  }

  /// A few on one line, more of them one on each.
  private mutating func writeInterface<Item>(
    _ items: [Item], _ print: (inout TextPrinter, Item) throws(DecantError) -> Void
  ) throws(DecantError) {
    guard items.count > 3 else { return try writeList(items, ", ", print) }
    indentation += 2
    for index in items.indices {
      try newLine()
      try print(&self, items[index])
      if index < items.count - 1 { write(",") }
    }
    indentation -= 2
  }

  private mutating func printInitializer(_ id: ValueID, of graph: Graph) throws(DecantError) {
    let value = graph[id]
    guard let data = value.data else {
      throw DecantError(.internal, "the initializer '\(value.name)' has no data")
    }
    try newLine()
    write(sigil: "%", value.name)
    write(": ")
    write(value.type)
    write(" = initializer ")
    try write(data, of: value.name, expecting: value.type)
    try write(spaced: value.annotations)
  }

  private mutating func printNode(_ id: NodeID, of graph: Graph) throws(DecantError) {
    let node = graph[id]
    try newLine()
    if node.results.isEmpty { write("()") }
    try writeList(node.results) { (printer, result) throws(DecantError) in
      guard let result else { return printer.write("_") }
      printer.write(sigil: "%", graph[result].name)
      printer.write(typeSuffix: graph[result].type)
      try printer.write(spaced: graph[result].annotations)
    }
    write(" = ")
    write(node.op)
    write("(")
    try writeOperands(node.declaredOperands, of: graph)
    write(")")
    if node.captureCount > 0 {
      write(" captures (")
      try writeOperands(node.operands.suffix(node.captureCount), of: graph)
      write(")")
    }
    if !node.attributes.isEmpty {
      write(" ")
      try write(node.attributes)
    }
    writeOverload(node.overload)
    if !node.name.isEmpty {
      write(" ")
      write(sigil: "@", node.name)
    }
    try write(spaced: node.annotations)
  }

  private mutating func writeOperands(_ operands: ArraySlice<ValueID?>, of graph: Graph) throws(DecantError) {
    try writeList(operands) { (printer, operand) in
      if let operand { printer.write(sigil: "%", graph[operand].name) } else { printer.write("_") }
    }
  }

  mutating func write(_ op: OpName) {
    let isPlain =
      TextSpelling.isBareWord(op.type) && !op.type.contains(".") && op.type != "initializer"
      && (op.domain.isEmpty || TextSpelling.isBareWord(op.domain))
    guard !isPlain else { return write(op.description) }
    write(quoted: op.domain)
    write(".")
    write(quoted: op.type)
  }
}
