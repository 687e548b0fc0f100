internal import DecantIR

/// Pooling over windows and whole planes.
enum Pooling {
  static let definitions: [OpDefinition] = []
}
