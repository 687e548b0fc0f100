/// What a quantized model computes with, by the names that users choose.
public enum QuantizationScheme: String, Sendable, CaseIterable {
  /// int8 activations and weights with ranges from calibration, as QuantizeLinear and DequantizeLinear.
  case int8

  /// The names, as a list for messages.
  public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
