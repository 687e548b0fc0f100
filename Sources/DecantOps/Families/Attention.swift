internal import DecantIR

/// Attention and what goes with it.
enum Attention {
  static let definitions: [OpDefinition] = []
}
