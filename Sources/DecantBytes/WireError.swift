/// What a byte reader says when its input breaks the format: a code, the byte offset, and the two facts that disagree.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault; decides the exit code together with ``DecantError/Kind``.
  public enum Code: String, Sendable, CaseIterable {
    /// The bytes end before the value does.
    case truncated
    /// The bytes do not spell what the format asks for.
    case malformed
    /// A number does not fit where it must go.
    case overflow
    /// The bytes are well-formed and mean something that Decant does not support.
    case unsupported
    /// A ``Budget`` limit is exceeded.
    case overBudget

    /// The kind of error a user sees for it.
    public var kind: DecantError.Kind {
      switch self {
      case .truncated, .malformed, .overflow: .malformed
      case .unsupported: .unsupported
      case .overBudget: .overBudget
      }
    }
  }

  /// The kind of fault.
  public var code: Code
  /// Where in the input, in bytes from its start.
  public var offset: Int
  /// What is wrong: lower case, no full stop, *expected … got …*.
  public var message: String

  /// Makes an error about the byte at `offset`.
  public init(_ code: Code, at offset: Int, _ message: String) {
    self.code = code
    self.offset = offset
    self.message = message
  }

  /// The same fault as a user sees it, inside `place` (a file, then a field), outermost first.
  public func within(_ place: String...) -> DecantError {
    let note = code == .overBudget ? "raise the limit if the file is trusted" : nil
    return DecantError(code.kind, message, at: place + ["byte \(offset)"], note: note)
  }

  /// The offset and the message.
  public var description: String { "byte \(offset): \(message)" }
}
