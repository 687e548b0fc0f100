internal import Synchronization

/// Merges parts in the order of their numbers, whichever thread brings them first: sums do not depend on threads.
///
/// Parts that come early wait; since numbers are handed out in order, no more wait than there are threads.
final class OrderedMerge<Part: Sendable, Failure: Error>: Sendable {
  private struct State: Sendable {
    var total: Part
    var next = 0
    var waiting: [Int: Part] = [:]
  }

  private let state: Mutex<State>
  private let merge: @Sendable (inout Part, Part) throws(Failure) -> Void

  /// Starts with `initial`.
  init(_ initial: Part, merge: @escaping @Sendable (inout Part, Part) throws(Failure) -> Void) {
    state = Mutex(State(total: initial))
    self.merge = merge
  }

  /// What was merged so far.
  var total: Part { state.withLock { $0.total } }

  /// Takes part `index`; each of 0, 1, 2, … is brought once.
  func submit(_ index: Int, _ part: Part) throws(Failure) {
    try state.withLock { (state) throws(Failure) in
      state.waiting[index] = part
      while let part = state.waiting.removeValue(forKey: state.next) {
        try merge(&state.total, part)
        state.next += 1
      }
    }
  }
}
