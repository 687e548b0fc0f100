internal import DecantBytes

extension TextParser {
  /// `{axis: 1, mode: "linear"}`.
  mutating func parseAttributes() throws(DecantError) -> Attributes {
    var list: [(name: String, value: Attribute)] = []
    let offset = token.range.lowerBound
    try takeList("{", "}") { (parser) throws(DecantError) in
      try parser.charge(64)
      let name = try parser.takeWord("the name of an attribute")
      try parser.expect(mark: ":")
      list.append((name, try parser.parseAttribute()))
    }
    guard let attributes = Attributes(unique: list) else {
      throw failure("two attributes have one name", at: offset)
    }
    return attributes
  }

  private mutating func parseAttribute() throws(DecantError) -> Attribute {
    switch token.kind {
    case .string: return .string(try parseByteString())
    case .number where Int64(spelling) != nil: return .int(try parseInt64())
    case .number: return .float(try parseFloat())
    case .mark where isMark("["): return try parseList(nil)
    case .mark where isMark("-"): return .float(try parseFloat())
    case .word: return try parseKeyed()
    default: throw unexpected("the value of an attribute")
    }
  }

  /// A value that begins with a word.
  private mutating func parseKeyed() throws(DecantError) -> Attribute {
    switch spelling {
    case "inf", "nan": return .float(try parseFloat())
    case "graph": return .graph(try parseGraph())
    case "tensor": return .tensor(try parseKeyedTensor())
    case "type": return .type(try parseKeyedType())
    case "sparse": return .sparse(try parseSparse())
    case "ref":
      try advance()
      let name = try takeWord("the name of an attribute")
      try expect(mark: ":")
      return .reference(name: name, kind: try parseKind("the kind of an attribute"))
    default:
      let what = "the value of an attribute"
      guard let kind = TextParser.listKinds[spelling] else { throw unexpected(what) }
      try advance()
      return try parseList(kind)
    }
  }

  private static let listKinds: [String: AttributeKind] = [
    "ints": .ints, "floats": .floats, "strings": .strings, "tensors": .tensors, "graphs": .graphs, "types": .types,
    "sparses": .sparses,
  ]

  private mutating func parseKind(_ what: String) throws(DecantError) -> AttributeKind {
    guard token.kind == .word, let kind = AttributeKind.allCases.first(where: { "\($0)" == spelling }) else {
      throw unexpected(what)
    }
    try advance()
    return kind
  }

  // MARK: Lists

  /// A list; without a `kind` before it, its first element tells.
  private mutating func parseList(_ kind: AttributeKind?) throws(DecantError) -> Attribute {
    let offset = token.range.lowerBound
    try expect(mark: "[")
    switch try listKind(kind) {
    case .strings: return .strings(try rest { (parser) throws(DecantError) in try parser.parseByteString() })
    case .tensors: return .tensors(try rest { (parser) throws(DecantError) in try parser.parseKeyedTensor() })
    case .graphs: return .graphs(try rest { (parser) throws(DecantError) in try parser.parseGraph() })
    case .types: return .types(try rest { (parser) throws(DecantError) in try parser.parseKeyedType() })
    case .sparses: return .sparses(try rest { (parser) throws(DecantError) in try parser.parseSparse() })
    case .floats: return .floats(try rest { (parser) throws(DecantError) in try parser.parseFloat() })
    case .ints: return .ints(try rest { (parser) throws(DecantError) in try parser.parseInt64() })
    default: throw failure("expected a list", at: offset)
    }
  }

  /// `given`, or the kind that the next token begins an element of.
  private func listKind(_ given: AttributeKind?) throws(DecantError) -> AttributeKind {
    if let given { return given }
    switch token.kind {
    case .string: return .strings
    case .number: return Int64(spelling) != nil ? .ints : .floats
    case .mark where isMark("-"): return .floats
    case .mark where isMark("]"):
      throw failure("expected the kind before an empty list, as in 'ints []'")
    case .word:
      switch spelling {
      case "inf", "nan": return .floats
      case "tensor": return .tensors
      case "graph": return .graphs
      case "type": return .types
      case "sparse": return .sparses
      default: break
      }
    default: break
    }
    throw unexpected("an element of a list")
  }

  /// Elements up to the closing bracket.
  private mutating func rest<Element>(
    _ element: (inout TextParser) throws(DecantError) -> Element
  ) throws(DecantError) -> [Element] {
    var list: [Element] = []
    if try accept(mark: "]") { return list }
    repeat { list.append(try element(&self)) } while try accept(mark: ",")
    try expect(mark: "]")
    return list
  }

  // MARK: Elements

  private mutating func parseByteString() throws(DecantError) -> ByteString {
    guard token.kind == .string else { throw unexpected("a string") }
    let bytes = try lexer.payload(of: token)
    try advance()
    return ByteString(bytes: bytes)
  }

  private mutating func parseInt64() throws(DecantError) -> Int64 {
    guard token.kind == .number, let value = Int64(spelling) else { throw unexpected("an integer of 64 bits") }
    try advance()
    return value
  }

  private mutating func parseFloat() throws(DecantError) -> Float {
    let offset = token.range.lowerBound
    let element = try parseElement()
    guard let bits = TextElements.bits(of: element, as: .float32) else {
      throw failure("expected a number that f32 holds", at: offset)
    }
    return Float(bitPattern: UInt32(truncatingIfNeeded: bits))
  }

  private mutating func parseKeyedTensor() throws(DecantError) -> Tensor {
    try expect(word: "tensor")
    return try parseTensor(.unknown)
  }

  private mutating func parseKeyedType() throws(DecantError) -> ValueType {
    try expect(word: "type")
    return try parseType()
  }

  private mutating func parseSparse() throws(DecantError) -> SparseTensor {
    try expect(word: "sparse")
    try charge(128)
    var shape: [Int] = []
    try takeList("[", "]") { (parser) throws(DecantError) in shape.append(try parser.takeInt("an extent")) }
    let values = try parseTensor(.unknown)
    return SparseTensor(values: values, indices: try parseTensor(.unknown), shape: shape)
  }

  /// A number, `inf`, `nan`, `nan:0x…`, `true` or `false`.
  mutating func parseElement() throws(DecantError) -> TextElement {
    if token.kind == .number {
      let text = spelling
      try advance()
      return .number(text)
    }
    let isNegative = try accept(mark: "-")
    if try accept(word: "inf") { return .number(isNegative ? "-inf" : "inf") }
    guard !isNegative else { throw unexpected("a number") }
    if try accept(word: "true") { return .truth(true) }
    if try accept(word: "false") { return .truth(false) }
    guard try accept(word: "nan") else { throw unexpected("a number") }
    guard try accept(mark: ":") else { return .notANumber }
    guard token.kind == .hex, let bits = UInt64(spelling.dropFirst(2), radix: 16) else {
      throw unexpected("the bits of a NaN")
    }
    try advance()
    return .bits(bits)
  }
}
