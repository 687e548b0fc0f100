extension TextPrinter {
  /// `: f32[N]`, or nothing for an unknown type.
  mutating func write(typeSuffix type: ValueType) {
    guard type != .unknown else { return }
    write(": ")
    write(type)
  }

  /// `f32[N,3]`, `seq<f32[*]>`, `?`.
  mutating func write(_ type: ValueType) {
    switch type {
    case .tensor(let type): write(type)
    case .sparseTensor(let type):
      write("sparse<")
      write(type)
      write(">")
    case .sequence(let element): write("seq", element)
    case .optional(let element): write("optional", element)
    case .map(let key, let value): write("map", value, key: key)
    case .opaque(let domain, let name):
      write("opaque<")
      write(quoted: domain)
      write(",")
      write(quoted: name)
      write(">")
    case .unknown: write("?")
    }
  }

  private mutating func write(_ constructor: String, _ element: ValueType, key: DataType? = nil) {
    write(constructor + "<")
    if let key { write(key.name + ",") }
    write(element)
    write(">")
  }

  private mutating func write(_ type: TensorType) {
    write(type.dataType?.name ?? "?")
    guard let shape = type.shape else { return write("[*]") }
    write("[")
    for (axis, dimension) in shape.dimensions.enumerated() {
      if axis > 0 { write(",") }
      switch dimension {
      case .fixed(let extent): write("\(extent)")
      case .symbolic(let expression): write(expression)
      case .unknown: write("?")
      }
    }
    write("]")
  }

  /// `N`, `2*N-1`, `"any name"*seq`, `%y.0`.
  private mutating func write(_ expression: DimensionExpression) {
    for (index, term) in expression.terms.enumerated() {
      if term.coefficient < 0 { write("-") } else if index > 0 { write("+") }
      if term.coefficient.magnitude != 1 { write("\(term.coefficient.magnitude)*") }
      for (place, symbol) in term.symbols.enumerated() {
        if place > 0 { write("*") }
        write(symbol: symbol, isAlone: expression.symbol != nil)
      }
    }
    guard expression.constant != 0 || expression.terms.isEmpty else { return }
    if expression.constant > 0, !expression.terms.isEmpty { write("+") }
    write("\(expression.constant)")
  }

  /// A symbol: a word, or the name of an open extent, `%y.0`. That is quoted where `-` may follow, as names may have one.
  private mutating func write(symbol: String, isAlone: Bool) {
    guard Dimension.isOpen(symbol) else { return write(word: symbol) }
    let name = String(symbol.dropFirst())
    guard isAlone else {
      write("%")
      return write(quoted: name)
    }
    write(sigil: "%", name)
  }
}
