internal import DecantIR

/// Operators on strings.
enum Text {
  static let definitions: [OpDefinition] = [
    RegexOps.definitions,
    StringOps.definitions,
    TermOps.definitions,
  ].flatMap { $0 }
}
