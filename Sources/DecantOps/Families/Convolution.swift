internal import DecantIR

/// Convolutions and their transposes.
enum Convolution {
  static let definitions: [OpDefinition] = []
}
