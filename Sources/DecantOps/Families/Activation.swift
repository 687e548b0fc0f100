internal import DecantIR

/// Activation functions.
enum Activation {
  static let definitions: [OpDefinition] = [
    PointwiseActivation.definitions,
    SoftmaxOps.definitions,
    DropoutOps.definitions,
    GatedActivation.definitions,
  ].flatMap { $0 }
}
