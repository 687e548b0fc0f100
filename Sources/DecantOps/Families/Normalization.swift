internal import DecantIR

/// Normalizations over batches, layers, instances and groups.
enum Normalization {
  static let definitions: [OpDefinition] = []
}
