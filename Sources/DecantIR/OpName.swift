/// An operator's name: its domain and its type, as in `Conv` or `com.microsoft.Gelu`.
public struct OpName: Hashable, Sendable {
  /// The domain; empty for ONNX's own operators.
  public let domain: String
  /// The operator type.
  public let type: String

  /// An operator of `domain`; `ai.onnx` is the same as the empty one.
  public init(_ type: String, domain: String = "") {
    self.domain = domain == "ai.onnx" ? "" : domain
    self.type = type
  }

  /// The domain of ONNX Runtime's own operators.
  public static let microsoft = "com.microsoft"

  /// An operator of ONNX Runtime's own.
  public static func microsoft(_ type: String) -> OpName { OpName(type, domain: microsoft) }
}

extension OpName: ExpressibleByStringLiteral, CustomStringConvertible, Comparable {
  /// An operator of ONNX's own domain.
  public init(stringLiteral value: String) { self.init(value) }

  /// `Conv`, `com.microsoft.Gelu`.
  public var description: String { domain.isEmpty ? type : "\(domain).\(type)" }

  /// By domain, then by type.
  public static func < (left: OpName, right: OpName) -> Bool {
    (left.domain, left.type) < (right.domain, right.type)
  }
}
