internal import DecantIR

/// Recurrent layers.
enum Recurrent {
  static let definitions: [OpDefinition] = []
}
