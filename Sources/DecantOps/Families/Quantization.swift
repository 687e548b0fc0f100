internal import DecantIR

/// Conversions between floats and scaled integers, and products of the latter.
enum Quantization {
  static let definitions: [OpDefinition] = []
}
