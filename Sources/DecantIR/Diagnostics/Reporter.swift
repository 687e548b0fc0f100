/// Takes what happens while Decant works. Libraries never print; the command line renders events.
public protocol Reporter: Sendable {
  /// Takes one event; may be called from any thread.
  func report(_ event: Event)
}

/// Something that happened.
public enum Event: Sendable {
  case diagnostic(Diagnostic)
  /// A pass, an algorithm or another long step began.
  case started(String)
  /// It ended; `summary` says what it did in a few words.
  case finished(String, summary: String)
  /// How far a long step is: `done` of `total` units (0 when not known), as in samples or bytes.
  case progress(String, done: Int, total: Int, unit: String)
}

/// A message to the user that is not a failure.
public struct Diagnostic: Sendable, Hashable {
  /// How much it matters.
  public enum Severity: String, Sendable, Hashable {
    /// Worth knowing.
    case note
    /// Something may not be as the user wants.
    case warning
    /// A step that loses precision or information, announced.
    case lossy
  }

  /// How much it matters.
  public var severity: Severity
  /// Lower case, no full stop.
  public var message: String
  /// Where, outermost first.
  public var place: [String]

  /// From its parts.
  public init(_ severity: Severity, _ message: String, at place: [String] = []) {
    self.severity = severity
    self.message = message
    self.place = place
  }
}

/// Drops everything.
public struct SilentReporter: Reporter {
  /// Drops everything.
  public init() {}
  /// Does nothing.
  public func report(_ event: Event) {}
}

extension Reporter {
  /// Reports a warning.
  public func warn(_ message: String, at place: [String] = []) {
    report(.diagnostic(Diagnostic(.warning, message, at: place)))
  }

  /// Reports a note.
  public func note(_ message: String, at place: [String] = []) {
    report(.diagnostic(Diagnostic(.note, message, at: place)))
  }

  /// Reports a lossy step.
  public func lossy(_ message: String, at place: [String] = []) {
    report(.diagnostic(Diagnostic(.lossy, message, at: place)))
  }
}
