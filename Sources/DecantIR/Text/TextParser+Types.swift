internal import DecantBytes

extension TextParser {
  /// `f32[N,3]`, `seq<f32[*]>`, `?`.
  mutating func parseType() throws(DecantError) -> ValueType {
    try nested { (parser) throws(DecantError) in try parser.parseTypeInside() }
  }

  private mutating func parseTypeInside() throws(DecantError) -> ValueType {
    if try accept(mark: "?") {
      return isMark("[") ? .tensor(TensorType(nil, try parseShape())) : .unknown
    }
    let offset = token.range.lowerBound
    let word = try take(.word, "a type")
    switch word {
    case "seq": return .sequence(try parseElementType())
    case "optional": return .optional(try parseElementType())
    case "sparse":
      guard case .tensor(let type) = try parseElementType() else {
        throw failure("expected the type of a tensor in 'sparse<>'", at: offset)
      }
      return .sparseTensor(type)
    case "map":
      try expect(mark: "<")
      let key = try parseDataType()
      try expect(mark: ",")
      let value = try parseType()
      try expect(mark: ">")
      return .map(key: key, value: value)
    case "opaque":
      try expect(mark: "<")
      let domain = try take(.string, "a domain between quotes")
      try expect(mark: ",")
      let name = try take(.string, "a name between quotes")
      try expect(mark: ">")
      return .opaque(domain: domain, name: name)
    default:
      guard let dataType = DataType(name: word) else { throw failure("expected a type, got '\(word)'", at: offset) }
      return .tensor(TensorType(dataType, try parseShape()))
    }
  }

  private mutating func parseElementType() throws(DecantError) -> ValueType {
    try expect(mark: "<")
    let type = try parseType()
    try expect(mark: ">")
    return type
  }

  private mutating func parseDataType() throws(DecantError) -> DataType {
    guard token.kind == .word, let type = DataType(name: spelling) else { throw unexpected("an element type") }
    try advance()
    return type
  }

  // MARK: Shapes

  /// `[N,3]`, or `[*]` for an unknown rank.
  private mutating func parseShape() throws(DecantError) -> Shape? {
    try expect(mark: "[")
    if try accept(mark: "*") {
      try expect(mark: "]")
      return nil
    }
    var dimensions: [Dimension] = []
    if try accept(mark: "]") { return Shape(dimensions) }
    repeat { dimensions.append(try parseDimension()) } while try accept(mark: ",")
    try expect(mark: "]")
    return Shape(dimensions)
  }

  /// `3`, `N`, `2*N-1`, `%y.0` or `?`.
  private mutating func parseDimension() throws(DecantError) -> Dimension {
    if try accept(mark: "?") { return .unknown }
    if token.kind == .number, let extent = Int(spelling) {
      try advance()
      if isAtEndOfExtent { return .fixed(extent) }
      return try parseSum(startingWith: try parseProduct(DimensionExpression(constant: extent)))
    }
    return try parseSum(startingWith: try parseTerm())
  }

  private var isAtEndOfExtent: Bool { isMark(",") || isMark("]") }

  private mutating func parseSum(startingWith first: DimensionExpression) throws(DecantError) -> Dimension {
    var sum = first
    while !isAtEndOfExtent {
      let startsTerm =
        isMark("-") || (token.kind == .number && lexer.bytes[token.range.lowerBound] == UInt8(ascii: "-"))
      if !startsTerm {
        guard try accept(mark: "+") else { throw unexpected("'+', '-', ',' or ']'") }
      }
      guard let next = sum.adding(try parseTerm()) else { throw tooLarge() }
      sum = next
    }
    return Dimension(sum)
  }

  private mutating func parseTerm() throws(DecantError) -> DimensionExpression {
    let isNegative = try accept(mark: "-")
    let product = try parseProduct(try parseFactor())
    guard isNegative else { return product }
    guard let negated = product.multiplied(by: DimensionExpression(constant: -1)) else { throw tooLarge() }
    return negated
  }

  /// `first` times what follows it after each `*`.
  private mutating func parseProduct(_ first: DimensionExpression) throws(DecantError) -> DimensionExpression {
    var product = first
    while try accept(mark: "*") {
      guard let next = product.multiplied(by: try parseFactor()) else { throw tooLarge() }
      product = next
    }
    return product
  }

  private mutating func parseFactor() throws(DecantError) -> DimensionExpression {
    switch token.kind {
    case .number: return DimensionExpression(constant: try takeInt("an extent"))
    case .value:
      let name = try lexer.text(of: token)
      try advance()
      return DimensionExpression(symbol: "%" + name)
    default: return DimensionExpression(symbol: try takeWord("an extent"))
    }
  }

  private func tooLarge() -> DecantError { failure("the extent is too large an expression") }
}
