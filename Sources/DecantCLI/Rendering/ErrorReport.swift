internal import Decant

/// Failures on standard error: at most three lines, or one JSON document.
enum ErrorReport {
  static func print(_ error: DecantError, asJSON: Bool) {
    guard asJSON else {
      let line = (["decant"] + error.place + [error.message]).joined(separator: ": ")
      TerminalText.error(TerminalText.message(line))
      if let note = error.note { TerminalText.error("note: " + TerminalText.message(note)) }
      return
    }
    var object: JSONObject = [
      "error": .string(error.message), "kind": .string(error.kind.rawValue),
      "exit_code": .integer(Int(error.kind.exitCode)), "place": .array(error.place.map { .string($0) }),
    ]
    if let note = error.note { object["note"] = .string(note) }
    TerminalText.error(JSON.object(object).text(.compact))
  }
}
