internal import DecantBytes

/// Reads the text form: one token of lookahead, no backtracking, linear time. Graphs, attributes and types are in files
/// of their own.
struct TextParser {
  var lexer: TextLexer
  /// The next token, not yet taken.
  private(set) var token: TextToken
  var weights: TextWeightReader?
  private let options: TextForm.ParseOptions
  private let textPath: String?
  private let budget: Budget
  private var depth = 0

  init(
    _ bytes: ByteSlice, path: String?, _ options: TextForm.ParseOptions, budget: Budget?
  ) throws(DecantError) {
    let name = path ?? "text"
    let (scaled, overflow) = bytes.count.multipliedReportingOverflow(by: 64)
    self.budget = budget ?? Budget(Budget.Limits(bytes: overflow ? Int.max / 2 : scaled + (64 << 20)))
    do throws(WireError) {
      try self.budget.take(bytes: bytes.count, for: "the text", at: 0)
    } catch {
      throw error.within(name)
    }
    lexer = TextLexer(unsafe bytes.bytes.withUnsafeBytes { unsafe Array($0) }, path: name)
    token = TextToken(kind: .end, range: 0..<0)
    textPath = path
    self.options = options
    weights = options.weights.map { TextWeightReader(folder: $0, verifies: options.verifiesDigests) }
    token = try lexer.next()
  }

  // MARK: Tokens

  mutating func advance() throws(DecantError) { token = try lexer.next() }

  /// The bytes of the next token as they stand.
  var spelling: String { lexer.spelling(token.range) }

  func isWord(_ word: String) -> Bool { token.kind == .word && lexer.isSpelled(token.range, word) }

  func isMark(_ mark: TextMark) -> Bool {
    token.kind == .mark && lexer.bytes[token.range.lowerBound] == mark.byte
  }

  mutating func accept(word: String) throws(DecantError) -> Bool {
    guard isWord(word) else { return false }
    try advance()
    return true
  }

  mutating func accept(mark: TextMark) throws(DecantError) -> Bool {
    guard isMark(mark) else { return false }
    try advance()
    return true
  }

  mutating func expect(word: String) throws(DecantError) {
    guard try accept(word: word) else { throw unexpected("'\(word)'") }
  }

  mutating func expect(mark: TextMark) throws(DecantError) {
    guard try accept(mark: mark) else { throw unexpected("'\(mark)'") }
  }

  /// The text of the next token, which must be of `kind`; `what` names it in the error.
  mutating func take(_ kind: TextToken.Kind, _ what: String) throws(DecantError) -> String {
    guard token.kind == kind else { throw unexpected(what) }
    let text = try lexer.text(of: token)
    try advance()
    return text
  }

  mutating func takeInt(_ what: String) throws(DecantError) -> Int {
    guard token.kind == .number, let value = Int(spelling) else { throw unexpected(what) }
    try advance()
    return value
  }

  /// A bare word or a quoted one.
  mutating func takeWord(_ what: String) throws(DecantError) -> String {
    try take(token.kind == .string ? .string : .word, what)
  }

  mutating func takeHex(_ what: String) throws(DecantError) -> [UInt8] {
    guard token.kind == .hex, token.range.count % 2 == 0 else { throw unexpected(what + " as pairs of hex digits") }
    let digits = lexer.bytes[token.range].dropFirst(2).compactMap(TextSpelling.hexValue)
    try advance()
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  /// Items between `open` and `close`, parted by commas.
  mutating func takeList(
    _ open: TextMark, _ close: TextMark, _ item: (inout TextParser) throws(DecantError) -> Void
  ) throws(DecantError) {
    try expect(mark: open)
    if try accept(mark: close) { return }
    repeat { try item(&self) } while try accept(mark: ",")
    try expect(mark: close)
  }

  // MARK: Failures and limits

  func unexpected(_ expected: String) -> DecantError {
    let shown = spelling.prefix(40)
    let got = token.kind == .end ? "the end" : token.kind == .string ? "\(shown)" : "'\(shown)'"
    return failure("expected \(expected), got \(got)")
  }

  /// An error at the next token, or at byte `offset`.
  func failure(_ message: String, at offset: Int? = nil, kind: DecantError.Kind = .malformed) -> DecantError {
    lexer.failure(message, at: offset ?? token.range.lowerBound, kind: kind)
  }

  /// Takes `bytes` of memory for one thing that the text makes.
  func charge(_ bytes: Int) throws(DecantError) {
    do throws(WireError) {
      try budget.count(for: "the text", at: token.range.lowerBound)
      try budget.take(bytes: bytes, for: "the text", at: token.range.lowerBound)
    } catch {
      throw failure(error.message, kind: error.code.kind)
    }
  }

  /// Runs `body` one level deeper.
  mutating func nested<Result>(
    _ body: (inout TextParser) throws(DecantError) -> Result
  ) throws(DecantError) -> Result {
    guard depth < budget.limits.depth else {
      throw failure("expected at most \(budget.limits.depth) levels of nesting")
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  // MARK: Models

  mutating func parseModel() throws(DecantError) -> Model {
    try expect(word: "model")
    var source = Model.Source()
    source.format = try take(.string, "the format between quotes")
    var annotations = Annotations()
    while !isWord("graph") {
      if try parseAnnotation(&annotations) { continue }
      try parseClause(&source)
    }
    var model = Model(graph: try parseGraph())
    model.source = source
    model.annotations = annotations
    while token.kind != .end { model.functions.append(try parseFunction()) }
    return model
  }

  mutating func parseWholeGraph() throws(DecantError) -> Graph {
    let graph = try parseGraph()
    guard token.kind == .end else { throw unexpected("the end") }
    return graph
  }

  private mutating func parseClause(_ source: inout Model.Source) throws(DecantError) {
    if try accept(word: "opset") {
      source.opsets.append(try parseOpset())
    } else if try accept(word: "ir_version") {
      source.irVersion = try takeInt("a version")
    } else if try accept(word: "producer") {
      source.producerName = try take(.string, "the producer between quotes")
      source.producerVersion = try take(.string, "its version between quotes")
    } else if try accept(word: "domain") {
      source.domain = try take(.string, "a domain between quotes")
    } else if try accept(word: "version") {
      source.modelVersion = try takeInt("a version")
    } else if try accept(word: "weights") {
      let name = try take(.string, "a folder between quotes")
      guard weights == nil, let textPath else { return }
      let folder = try TextWeightReader.folder(named: name, besideTextAt: textPath)
      weights = TextWeightReader(folder: folder, verifies: options.verifiesDigests)
    } else {
      throw unexpected("'graph' or what the model says of itself")
    }
  }

  private mutating func parseOpset() throws(DecantError) -> OpsetImport {
    let domain = token.kind == .string ? try take(.string, "a domain") : ""
    return OpsetImport(domain: domain, version: try takeInt("the version of an operator set"))
  }

  private mutating func parseFunction() throws(DecantError) -> Function {
    try expect(word: "function")
    try charge(512)
    let name = try parseOpName()
    let overload = try accept(word: "overload") ? try take(.string, "an overload between quotes") : ""
    var function = Function(name: name, overload: overload, graph: Graph())
    while try accept(word: "opset") { function.opsets.append(try parseOpset()) }
    if try accept(word: "attributes") {
      try takeList("[", "]") { (parser) throws(DecantError) in
        function.attributes.append(try parser.takeWord("the name of an attribute"))
      }
    }
    if try accept(word: "defaults") { function.defaults = try parseAttributes() }
    function.annotations = try parseAnnotations() ?? Annotations()
    function.graph = try parseGraph()
    return function
  }

  /// `Conv`, `com.microsoft.Gelu`, `"any domain"."any type"`.
  mutating func parseOpName() throws(DecantError) -> OpName {
    if token.kind == .string {
      let domain = try take(.string, "a domain")
      try expect(mark: ".")
      return OpName(try take(.string, "an operator between quotes"), domain: domain)
    }
    let word = try take(.word, "an operator")
    guard let dot = word.lastIndex(of: ".") else { return OpName(word) }
    return OpName(String(word[word.index(after: dot)...]), domain: String(word[..<dot]))
  }

  // MARK: Annotations

  mutating func parseAnnotations() throws(DecantError) -> Annotations? {
    var annotations = Annotations()
    while try parseAnnotation(&annotations) {}
    return annotations.isEmpty ? nil : annotations
  }

  private mutating func parseAnnotation(_ annotations: inout Annotations) throws(DecantError) -> Bool {
    if try accept(word: "doc") {
      annotations.documentation = try take(.string, "documentation between quotes")
    } else if try accept(word: "property") {
      try charge(64)
      let key = try take(.string, "a key between quotes")
      annotations.properties.append(
        Annotations.Property(key: key, value: try take(.string, "a value between quotes")))
    } else if try accept(word: "unknown") {
      annotations.unknownFields = try takeHex("unknown fields")
    } else {
      return false
    }
    return true
  }
}
