import Synchronization

/// Collects what happened, from any thread.
final class Recorder: Sendable {
  private let list = Mutex<[String]>([])

  var all: [String] { list.withLock { $0 } }

  func add(_ name: String, _ values: [Float] = []) {
    list.withLock { $0.append(values.isEmpty ? name : "\(name) \(values)") }
  }
}
