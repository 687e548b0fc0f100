internal import DecantIR
internal import Synchronization

/// Counts the bytes that a run's intermediate tensors hold, subgraphs included, against a limit.
final class MemoryMeter: Sendable {
  let limit: Int
  private let liveBytes = Atomic<Int>(0)
  private let peakBytes = Atomic<Int>(0)

  init(limit: Int) { self.limit = limit }

  /// The most bytes that were live at once.
  var peak: Int { peakBytes.load(ordering: .relaxed) }

  /// How many more bytes fit.
  var remaining: Int { max(0, limit - liveBytes.load(ordering: .relaxed)) }

  /// Takes `count` bytes that a result holds.
  ///
  /// - Throws: ``OpError`` beyond the limit.
  func take(_ count: Int) throws(OpError) {
    let live = liveBytes.add(count, ordering: .relaxed).newValue
    peakBytes.max(live, ordering: .relaxed)
    guard live <= limit else {
      throw OpError("\(live) bytes are live, more than the \(limit) that a run may hold", kind: .overBudget)
    }
  }

  /// Gives back `count` bytes that are freed.
  func giveBack(_ count: Int) { liveBytes.subtract(count, ordering: .relaxed) }
}
