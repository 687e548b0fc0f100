internal import DecantIR

/// Reductions along axes.
enum Reduction {
  static let definitions: [OpDefinition] = []
}
