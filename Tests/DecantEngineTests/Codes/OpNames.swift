import DecantIR

extension OpName {
  /// An operator of ONNX Runtime's own.
  static func microsoft(_ type: String) -> OpName { OpName(type, domain: "com.microsoft") }
}
