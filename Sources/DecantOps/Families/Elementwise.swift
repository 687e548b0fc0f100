internal import DecantIR

/// Arithmetic, comparison and logic, element by element.
enum Elementwise {
  static let definitions: [OpDefinition] = []
}
