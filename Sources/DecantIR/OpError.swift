public import DecantBytes

/// What an operator's functions throw: the caller adds the node and the file.
public struct OpError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Why it failed.
  public enum Kind: Sendable, Hashable {
    /// The node, its types or its data break the operator's rules.
    case invalid
    /// Valid, and not supported.
    case unsupported
    /// The result would not fit the budget.
    case overBudget
  }

  /// Why it failed.
  public let kind: Kind
  /// Lower case, no full stop, *expected … got …*.
  public let message: String

  /// An error about invalid input unless `kind` says otherwise.
  public init(_ message: String, kind: Kind = .invalid) {
    self.kind = kind
    self.message = message
  }

  /// The message.
  public var description: String { message }
}

extension DecantError {
  /// The same failure for a user, at `place`.
  public init(_ error: OpError, at place: [String] = []) {
    let kind: Kind =
      switch error.kind {
      case .invalid: .malformed
      case .unsupported: .unsupported
      case .overBudget: .overBudget
      }
    self.init(kind, error.message, at: place)
  }
}
