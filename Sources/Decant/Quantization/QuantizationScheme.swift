/// What a quantized model computes with, by the names that users choose.
public enum QuantizationScheme: String, Sendable, CaseIterable {
  /// int8 activations and weights with ranges from calibration, as QuantizeLinear and DequantizeLinear.
  case int8
  /// int8 weights and activations with ranges found as the model runs; needs no samples.
  case int8Dynamic = "int8-dynamic"

  /// The names, as a list for messages.
  public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
