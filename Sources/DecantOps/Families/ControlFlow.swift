internal import DecantIR

/// Branches and loops over subgraphs.
enum ControlFlow {
  static let definitions: [OpDefinition] = []
}
