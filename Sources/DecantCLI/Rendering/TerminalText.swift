internal import Decant

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Text for terminals and pipes.
enum TerminalText {
  /// `text` with control characters, and those that reorder text, spelled out, so that a model's names cannot steer a
  /// terminal.
  static func escape(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    return text.unicodeScalars.map { isUnsafe($0) ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
  }

  /// ``escape(_:)`` of a message, the middle of a very long one left out: names come from files, and may be megabytes.
  static func message(_ text: String) -> String {
    let limit = 1500
    guard text.utf8.count > limit else { return escape(text) }
    let (head, tail) = (text.prefix(limit * 2 / 3), text.suffix(limit / 3))
    let omitted = text.count - head.count - tail.count
    return escape(omitted > 0 ? "\(head)… (\(omitted) characters left out) …\(tail)" : text)
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: scalar != "\n"
    default: false
    }
  }

  /// Writes a line to standard error.
  static func error(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  /// Writes text to standard output; a reader that has gone ends the program quietly.
  static func output(_ text: String) {
    guard write(text, to: STDOUT_FILENO) else { exit(0) }
  }

  /// Whether standard error is a terminal.
  static var isTerminal: Bool { isatty(STDERR_FILENO) != 0 }

  @discardableResult
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          descriptor, UnsafeRawBufferPointer(rebasing: buffer[done...]).baseAddress, bytes.count - done)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return false }
      done += written
    }
    return true
  }
}
