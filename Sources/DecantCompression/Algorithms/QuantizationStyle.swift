/// Whose choices a quantizer follows where there is a choice.
public enum QuantizationStyle: String, Sendable, CaseIterable {
  /// Decant's own: what the integer kernels gain from and accuracy bears.
  case decant
  /// ONNX Runtime 1.31's quantizers, to the bit.
  case onnxRuntime = "ort"
}
