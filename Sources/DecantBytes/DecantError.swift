/// What every failure that reaches a user looks like: its kind, what is wrong, where, and a remedy.
///
/// Messages are lower case without a full stop, quote their subject and say what was expected and what was found.
public struct DecantError: Error, Sendable, CustomStringConvertible {
  /// Why it failed; decides the exit code.
  public enum Kind: String, Sendable, CaseIterable {
    /// The question that was asked is answered "no": a gate missed, files differ.
    case refuted
    /// The command line or an argument is wrong.
    case usage
    /// The input breaks its format.
    case malformed
    /// The input is missing or cannot be read.
    case unreadable
    /// The input is valid, and Decant does not support it.
    case unsupported
    /// A bug in Decant.
    case `internal`
    /// A budget of memory, size, depth or count is exceeded.
    case overBudget
    /// The output cannot be created.
    case cannotCreate
    /// The machine failed while reading or writing.
    case inputOutput
    /// Refused by policy: a path that escapes its folder, a signature that does not hold.
    case refused

    /// The process exit code, after sysexits.h.
    public var exitCode: Int32 {
      switch self {
      case .refuted: 1
      case .usage: 64
      case .malformed: 65
      case .unreadable: 66
      case .unsupported: 69
      case .internal: 70
      case .overBudget: 71
      case .cannotCreate: 73
      case .inputOutput: 74
      case .refused: 77
      }
    }
  }

  /// Why it failed.
  public var kind: Kind
  /// What is wrong: lower case, no full stop, *expected … got …*.
  public var message: String
  /// Where, outermost first: a file, then a byte or field, or a graph path.
  public var place: [String]
  /// The remedy, if one is known.
  public var note: String?

  /// Makes an error; `place` runs from the outermost (a file) to the innermost.
  public init(_ kind: Kind, _ message: String, at place: [String] = [], note: String? = nil) {
    self.kind = kind
    self.message = message
    self.place = place
    self.note = note
  }

  /// The same error, found inside `outer`.
  public func within(_ outer: String) -> DecantError {
    var error = self
    error.place.insert(outer, at: 0)
    return error
  }

  /// One line, and one more for the note.
  public var description: String {
    let line = (place + [message]).joined(separator: ": ")
    return note.map { line + "\nnote: " + $0 } ?? line
  }
}
