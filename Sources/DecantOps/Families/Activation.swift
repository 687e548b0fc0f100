internal import DecantIR

/// Activation functions.
enum Activation {
  static let definitions: [OpDefinition] = [
    PointwiseActivation.definitions,
    SoftmaxOps.definitions,
    DropoutOps.definitions,
  ].flatMap { $0 }
}
