internal import DecantIR

extension OpSchema {
  /// A schema in the short form of the specification's own tables: `x` is required, `x?` may be left out, and `x*` stands
  /// for one or more.
  init(
    since: Int, reads: [String], gives: [String] = ["output"], attributes: [AttributeRule] = [],
    isDeterministic: Bool = true
  ) {
    self.init(
      since: since, operands: reads.map(Parameter.init(short:)), results: gives.map(Parameter.init(short:)),
      attributes: attributes, isDeterministic: isDeterministic)
  }
}

extension OpSchema.Parameter {
  fileprivate init(short text: String) {
    switch text.last {
    case "?": self.init(String(text.dropLast()), .optional)
    case "*": self.init(String(text.dropLast()), .variadic(minimum: 1))
    default: self.init(text)
    }
  }
}
