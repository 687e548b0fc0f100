internal import DecantIR

/// Activation functions.
enum Activation {
  static let definitions: [OpDefinition] = []
}
