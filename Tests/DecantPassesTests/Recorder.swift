import DecantIR
import Synchronization

/// Keeps the warnings that it is told.
final class Recorder: Reporter {
  private let messages = Mutex<[String]>([])

  var warnings: [String] { messages.withLock { $0 } }

  func report(_ event: Event) {
    guard case .diagnostic(let diagnostic) = event, diagnostic.severity == .warning else { return }
    messages.withLock { $0.append(diagnostic.message) }
  }
}
