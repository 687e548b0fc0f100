internal import DecantCompression
public import DecantForms

/// What a quantized model computes with, by the names that users choose.
public enum QuantizationScheme: String, Sendable, CaseIterable {
  /// int8 activations and weights with ranges from calibration, as QuantizeLinear and DequantizeLinear.
  case int8
  /// int8 weights and activations with ranges found as the model runs; needs no samples.
  case int8Dynamic = "int8-dynamic"
  /// Weights in 8 bits, in blocks; activations in float.
  case weights8 = "w8"
  /// Weights in 4 bits, in blocks; activations in float.
  case weights4 = "w4"
  /// Weights of 8 levels in blocks, stored in 4 bits; activations in float.
  case weights3 = "w3"
  /// Weights in 2 bits, in blocks; activations in float.
  case weights2 = "w2"
  /// Weights in 8, 4, 3 and 2 bits, as a budget allows; activations in float.
  case mixed
  /// IEEE half floats for weights and activations.
  case fp16
  /// bfloat16 for weights and activations.
  case bf16
  /// Weights as 8-bit floats with 4 bits of exponent.
  case fp8E4M3 = "fp8-e4m3"
  /// Weights as 8-bit floats with 5 bits of exponent.
  case fp8E5M2 = "fp8-e5m2"
  /// Weights as 4-bit floats at the quantiles of a normal distribution; activations in float.
  case normalFloat4 = "nf4"
  /// Weights as 4-bit floats; activations in float.
  case float4 = "fp4"

  /// The names, as a list for messages.
  public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// What codes stand for, for schemes with 4-bit floats.
  public var codebook: Codebook? { Codebook(rawValue: rawValue) }

  /// How many bits a weight has in integer codes, for schemes that leave activations alone.
  public var weightBits: Int? {
    switch self {
    case .weights8: 8
    case .weights4: 4
    case .weights3: 3
    case .weights2: 2
    default: nil
    }
  }
}
