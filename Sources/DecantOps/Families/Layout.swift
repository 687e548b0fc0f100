internal import DecantIR

/// Operators that move elements or change shapes.
enum Layout {
  static let definitions: [OpDefinition] = []
}
