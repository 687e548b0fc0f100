internal import DecantIR

/// Operators on sequences and optionals.
enum Sequences {
  static let definitions: [OpDefinition] =
    OptionalOps.definitions + SequenceOps.definitions + SequenceTensorOps.definitions
}
