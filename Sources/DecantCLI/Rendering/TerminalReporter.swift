internal import Decant
internal import Synchronization

/// Events on standard error: a live line with rate and remaining time on a terminal, a line at each quarter otherwise.
final class TerminalReporter: Reporter {
  private struct State {
    var step = ""
    var start = ContinuousClock().now
    var lastDraw: ContinuousClock.Instant?
    var quarter = 0
    var hasLiveLine = false
  }

  private let isVerbose: Bool
  private let isLive = TerminalText.isTerminal
  private let state = Mutex(State())

  init(isVerbose: Bool) { self.isVerbose = isVerbose }

  func report(_ event: Event) {
    state.withLock { state in
      switch event {
      case .diagnostic(let diagnostic):
        clear(&state)
        let prefix = diagnostic.severity == .lossy ? "lossy" : diagnostic.severity.rawValue
        let line = (["\(prefix)"] + diagnostic.place + [diagnostic.message]).joined(separator: ": ")
        TerminalText.error(TerminalText.message(line))
      case .started(let step):
        if isVerbose { TerminalText.error(step) }
        begin(step, &state)
      case .finished(let step, let summary):
        clear(&state)
        if isVerbose { TerminalText.error("\(step): \(summary)") }
      case .progress(let step, let done, let total, let unit):
        if state.step != step { begin(step, &state) }
        draw(step, done, total, unit, &state)
      }
    }
  }

  private func begin(_ step: String, _ state: inout State) {
    clear(&state)
    state = State(step: step)
  }

  private func draw(_ step: String, _ done: Int, _ total: Int, _ unit: String, _ state: inout State) {
    let now = ContinuousClock().now
    let elapsed = state.start.duration(to: now) / .seconds(1)
    let rate = elapsed > 0 ? Double(done) / elapsed : 0
    guard isLive else {
      // Short work needs no lines.
      guard total > 0, elapsed > 2 else { return }
      let quarter = done * 4 / total
      guard quarter > state.quarter else { return }
      state.quarter = quarter
      TerminalText.error("\(step): \(quarter * 25) % (\(done) of \(total) \(unit))")
      return
    }
    if let last = state.lastDraw, last.duration(to: now) < .milliseconds(100), done < total { return }
    state.lastDraw = now
    state.hasLiveLine = true
    let remaining = rate > 0 && total > done ? ", \(Int(Double(total - done) / rate + 0.5)) s left" : ""
    let share = total > 0 ? bar(Double(done) / Double(total)) + " \(done)/\(total)" : "\(done)"
    let line = "\(step) \(share) \(unit), \(Int(rate)) \(unit)/s\(remaining)"
    TerminalText.write("\r\u{1B}[K" + TerminalText.escape(line), to: 2)
  }

  private func bar(_ share: Double) -> String {
    let filled = min(20, max(0, Int(share * 20)))
    return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "]"
  }

  private func clear(_ state: inout State) {
    guard state.hasLiveLine else { return }
    TerminalText.write("\r\u{1B}[K", to: 2)
    state.hasLiveLine = false
  }
}
