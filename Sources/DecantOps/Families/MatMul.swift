internal import DecantIR

/// Matrix products.
enum MatMul {
  static let definitions: [OpDefinition] = []
}
