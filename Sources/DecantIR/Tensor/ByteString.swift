/// A string as model files hold it: bytes that are nearly always, but not surely, UTF-8.
public struct ByteString: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The stored bytes.
  public var bytes: [UInt8]

  /// From bytes.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// From text, as UTF-8.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// From a literal.
  public init(stringLiteral value: String) { self.init(value) }

  /// The text, when the bytes are UTF-8.
  public var text: String? { String(validating: bytes, as: UTF8.self) }

  /// The text with replacement characters where the bytes are not UTF-8.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
}
