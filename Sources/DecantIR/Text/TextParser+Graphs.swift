internal import DecantBytes

extension TextParser {
  mutating func parseGraph() throws(DecantError) -> Graph {
    try nested { (parser) throws(DecantError) in try parser.parseGraphInside() }
  }

  private mutating func parseGraphInside() throws(DecantError) -> Graph {
    try expect(word: "graph")
    try charge(512)
    var rewriter = Rewriter(Graph(name: try take(.name, "a name after '@'")))
    try takeList("(", ")") { (parser) throws(DecantError) in try parser.parseInput(&rewriter) }
    guard token.kind == .arrow else { throw unexpected("'->'") }
    try advance()
    var outputs: [TextOutput] = []
    try takeList("(", ")") { (parser) throws(DecantError) in outputs.append(try parser.parseOutput()) }
    rewriter.annotate(try parseAnnotations())
    try expect(mark: "{")
    while !isWord("return") { try parseStatement(&rewriter) }
    try parseReturn(outputs, &rewriter)
    try expect(mark: "}")
    return rewriter.finish()
  }

  // MARK: Interface

  private mutating func parseInput(_ rewriter: inout Rewriter) throws(DecantError) {
    let name = try parseNewName("an input", rewriter.graph)
    let type = try accept(mark: ":") ? try parseType() : .unknown
    let data = try accept(mark: "=") ? try parseTensor(type) : nil
    let id = rewriter.addInput(name, type, default: data)
    rewriter.annotate(id, try parseAnnotations())
  }

  private struct TextOutput {
    var name: String
    var type: ValueType
    var annotations: Annotations?
    var offset: Int
  }

  private mutating func parseOutput() throws(DecantError) -> TextOutput {
    try charge(128)
    let offset = token.range.lowerBound
    let name = try take(.value, "an output after '%'")
    let type = try accept(mark: ":") ? try parseType() : .unknown
    return TextOutput(name: name, type: type, annotations: try parseAnnotations(), offset: offset)
  }

  private mutating func parseReturn(_ outputs: [TextOutput], _ rewriter: inout Rewriter) throws(DecantError) {
    try expect(word: "return")
    var names: Set<String> = []
    for (index, output) in outputs.enumerated() {
      guard names.insert(output.name).inserted else {
        throw failure("two outputs are called '\(output.name)'", at: output.offset)
      }
      if index > 0 { try expect(mark: ",") }
      guard let value = try parseOperand(rewriter.graph) else { throw failure("an output cannot be left out") }
      rewriter.addOutput(output.name, value, declaredType: output.type)
      rewriter.annotate(output: index, output.annotations)
    }
  }

  // MARK: Statements

  private struct TextResult {
    var name: String?
    var type: ValueType?
    var annotations: Annotations?
  }

  /// `%a: f32[4], _ = Op(%x)` or `%w: f32[2] = initializer [1, 2]`.
  private mutating func parseStatement(_ rewriter: inout Rewriter) throws(DecantError) {
    var results: [TextResult] = []
    var names: Set<String> = []
    if try accept(mark: "(") {
      try expect(mark: ")")
    } else {
      repeat {
        let offset = token.range.lowerBound
        let result = try parseResult(rewriter.graph)
        if let name = result.name, !names.insert(name).inserted {
          throw failure("two results are called '\(name)'", at: offset)
        }
        results.append(result)
      } while try accept(mark: ",")
    }
    try expect(mark: "=")
    if results.count == 1, let name = results[0].name, try accept(word: "initializer") {
      try parseInitializer(name, results[0], &rewriter)
    } else {
      try parseNode(results, &rewriter)
    }
  }

  private mutating func parseResult(_ graph: borrowing Graph) throws(DecantError) -> TextResult {
    if try accept(word: "_") { return TextResult() }
    guard token.kind == .value else { throw unexpected("a result, an initializer or 'return'") }
    let offset = token.range.lowerBound
    let name = try parseNewName("a result", graph)
    guard !name.isEmpty else { throw failure("expected a name, got an empty one", at: offset) }
    let type = try accept(mark: ":") ? try parseType() : nil
    return TextResult(name: name, type: type, annotations: try parseAnnotations())
  }

  private mutating func parseInitializer(
    _ name: String, _ result: TextResult, _ rewriter: inout Rewriter
  ) throws(DecantError) {
    let data = try parseTensor(result.type ?? .unknown)
    let id = rewriter.addInitializer(name, data)
    if let type = result.type { rewriter.setType(id, type) }
    rewriter.annotate(id, try parseAnnotations() ?? result.annotations)
  }

  private mutating func parseNode(_ results: [TextResult], _ rewriter: inout Rewriter) throws(DecantError) {
    try charge(512)
    let op = try parseOpName()
    var operands: [ValueID?] = []
    try takeList("(", ")") { (parser) throws(DecantError) in operands.append(try parser.parseOperand(rewriter.graph)) }
    let declared = operands.count
    if try accept(word: "captures") {
      try takeList("(", ")") { (parser) throws(DecantError) in
        operands.append(try parser.parseOperand(rewriter.graph))
      }
    }
    let attributesOffset = token.range.lowerBound
    let attributes = isMark("{") ? try parseAttributes() : [:]
    let overload = try accept(word: "overload") ? try take(.string, "an overload between quotes") : ""
    let name = token.kind == .name ? try take(.name, "a name") : ""
    let id = rewriter.addNode(
      op, operands, attributes, name: name, resultNames: results.map(\.name),
      resultTypes: results.map { $0.type ?? .unknown }, captureCount: operands.count - declared, overload: overload)
    rewriter.annotate(id, try parseAnnotations())
    for (index, result) in results.enumerated() {
      guard let annotations = result.annotations, let value = rewriter.graph[id].results[index] else { continue }
      rewriter.annotate(value, annotations)
    }
    let captures = operands.count - declared
    guard captures > 0 else { return }
    for subgraph in rewriter.graph[id].subgraphs where subgraph.graph.inputs.count < captures {
      throw failure(
        "expected at least \(captures) inputs for captured values in '\(subgraph.name)', got "
          + "\(subgraph.graph.inputs.count)", at: attributesOffset)
    }
  }

  // MARK: Values

  /// A name after `%` that no value of `graph` has.
  private mutating func parseNewName(_ what: String, _ graph: borrowing Graph) throws(DecantError) -> String {
    try charge(256)
    let offset = token.range.lowerBound
    let name = try take(.value, "\(what) after '%'")
    guard graph.value(named: name) == nil else { throw failure("two values are called '\(name)'", at: offset) }
    return name
  }

  /// A value defined before, or nil for `_`.
  private mutating func parseOperand(_ graph: borrowing Graph) throws(DecantError) -> ValueID? {
    if try accept(word: "_") {
      try charge(32)
      return nil
    }
    let offset = token.range.lowerBound
    let name = try take(.value, "a value after '%'")
    guard let value = graph.value(named: name) else {
      throw failure("the value '\(name)' is not defined before it is read", at: offset)
    }
    try charge(64)
    return value
  }
}
