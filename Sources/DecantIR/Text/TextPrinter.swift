internal import DecantBytes

/// Writes the text form: the model and its functions. Graphs, attributes and types are in files of their own.
struct TextPrinter {
  /// What is printed and not yet in the file.
  var output: [UInt8] = []
  let options: TextForm.Options
  var weights: TextWeightWriter?
  private let weightsName: String?
  private let file: AtomicFile?
  var indentation = 0

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

  mutating func writeOverload(_ overload: String) {
    guard !overload.isEmpty else { return }
    write(" overload ")
    write(quoted: overload)
  }

  /// The annotations, each after a blank.
  mutating func write(spaced annotations: Annotations?) throws(DecantError) {
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
}
