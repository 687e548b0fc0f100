internal import DecantBytes

/// Writes the text form: the model, its functions and graphs. Types and attributes are in files of their own.
struct TextPrinter {
  /// What is printed and not yet in the file.
  var output: [UInt8] = []
  let options: TextForm.Options
  var weights: TextWeightWriter?
  private let weightsName: String?
  private let file: AtomicFile?
  private var indentation = 0

  init(_ options: TextForm.Options, textPath: String?, file: AtomicFile? = nil) throws(DecantError) {
    self.options = options
    self.file = file
    switch options.weights {
    case .digests:
      weights = nil
      weightsName = nil
    case .directory(let folder):
      weights = TextWeightWriter(folder: folder)
      weightsName = TextWeightReader.name(of: folder, inTextAt: textPath)
    }
  }

  // MARK: Pieces

  mutating func write(_ text: String) { output.append(contentsOf: text.utf8) }

  mutating func write(quoted text: String) { TextSpelling.appendQuoted(Array(text.utf8), to: &output) }

  mutating func write(quoted bytes: [UInt8]) { TextSpelling.appendQuoted(bytes, to: &output) }

  /// `text` bare where it can be, else quoted.
  mutating func write(word text: String) {
    if TextSpelling.isBareWord(text) { write(text) } else { write(quoted: text) }
  }

  mutating func write(sigil: String, _ name: String) {
    write(sigil)
    if TextSpelling.isBareName(name) { write(name) } else { write(quoted: name) }
  }

  mutating func writeList<Items: Sequence>(
    _ items: Items, _ separator: String = ", ", _ print: (inout TextPrinter, Items.Element) throws(DecantError) -> Void
  ) throws(DecantError) {
    var isFirst = true
    for item in items {
      if !isFirst { write(separator) }
      isFirst = false
      try print(&self, item)
    }
  }

  mutating func newLine() throws(DecantError) {
    output.append(UInt8(ascii: "\n"))
    if file != nil, output.count > 1 << 18 { try flush() }
    for _ in 0..<indentation { write("  ") }
  }

  mutating func flush() throws(DecantError) {
    try file?.write(output)
    if file != nil { output.removeAll(keepingCapacity: true) }
  }

  // MARK: Models

  mutating func print(_ model: Model) throws(DecantError) {
    let source = model.source
    write("model ")
    write(quoted: source.format)
    writeOpsets(source.opsets)
    indentation += 1
    if source.irVersion != 0 {
      try newLine()
      write("ir_version \(source.irVersion)")
    }
    if !source.producerName.isEmpty || !source.producerVersion.isEmpty {
      try newLine()
      write("producer ")
      write(quoted: source.producerName)
      write(" ")
      write(quoted: source.producerVersion)
    }
    if !source.domain.isEmpty {
      try newLine()
      write("domain ")
      write(quoted: source.domain)
    }
    if source.modelVersion != 0 {
      try newLine()
      write("version \(source.modelVersion)")
    }
    if let weightsName {
      try newLine()
      write("weights ")
      write(quoted: weightsName)
    }
    if !model.annotations.isEmpty {
      try newLine()
      try write(model.annotations, separator: { (printer) throws(DecantError) in try printer.newLine() })
    }
    indentation -= 1
    try newLine()
    try print(model.graph)
    for function in model.functions { try print(function) }
    write("\n")
  }

  private mutating func print(_ function: Function) throws(DecantError) {
    try newLine()
    try newLine()
    write("function ")
    write(function.name)
    writeOverload(function.overload)
    writeOpsets(function.opsets)
    if !function.attributes.isEmpty {
      write(" attributes [")
      try writeList(function.attributes) { (printer, name) in printer.write(word: name) }
      write("]")
    }
    if !function.defaults.isEmpty {
      write(" defaults ")
      try write(function.defaults)
    }
    try write(spaced: function.annotations)
    try newLine()
    try print(function.graph)
  }

  private mutating func writeOpsets(_ opsets: [OpsetImport]) {
    for opset in opsets {
      write(" opset ")
      if !opset.domain.isEmpty {
        write(quoted: opset.domain)
        write(" ")
      }
      write("\(opset.version)")
    }
  }

  private mutating func writeOverload(_ overload: String) {
    guard !overload.isEmpty else { return }
    write(" overload ")
    write(quoted: overload)
  }

  /// The annotations, each after a blank.
  private mutating func write(spaced annotations: Annotations?) throws(DecantError) {
    guard let annotations, !annotations.isEmpty else { return }
    write(" ")
    try write(annotations) { (printer) in printer.write(" ") }
  }

  private mutating func write(
    _ annotations: Annotations, separator: (inout TextPrinter) throws(DecantError) -> Void
  ) throws(DecantError) {
    var isFirst = true
    func part(_ printer: inout TextPrinter) throws(DecantError) {
      if !isFirst { try separator(&printer) }
      isFirst = false
    }
    if !annotations.documentation.isEmpty {
      try part(&self)
      write("doc ")
      write(quoted: annotations.documentation)
    }
    for property in annotations.properties {
      try part(&self)
      write("property ")
      write(quoted: property.key)
      write(" ")
      write(quoted: property.value)
    }
    if !annotations.unknownFields.isEmpty {
      try part(&self)
      write("unknown 0x")
      TextSpelling.appendHex(annotations.unknownFields, to: &output)
    }
  }

  // MARK: Graphs

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

  private mutating func write(_ op: OpName) {
    let isPlain =
      TextSpelling.isBareWord(op.type) && !op.type.contains(".") && op.type != "initializer"
      && (op.domain.isEmpty || TextSpelling.isBareWord(op.domain))
    guard !isPlain else { return write(op.description) }
    write(quoted: op.domain)
    write(".")
    write(quoted: op.type)
  }
}
