internal import DecantIR
internal import Synchronization

/// Counts what one run takes, subgraphs included, against limits: the bytes that its intermediate tensors hold, and how
/// often subgraphs are entered. Times its steps where somebody asks for that.
final class RunMeter: Sendable {
  let limit: Int
  let subgraphLimit: Int
  let recorder: StepRecorder?
  private let subgraphRuns = Atomic<Int>(0)
  private let liveBytes = Atomic<Int>(0)
  private let peakBytes = Atomic<Int>(0)

  init(_ options: Executor.Options, observer: StepObserver? = nil) {
    limit = options.byteLimit
    subgraphLimit = options.iterationLimit
    recorder = observer.map { StepRecorder($0) }
  }

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

  /// Counts one more run of a subgraph.
  ///
  /// - Throws: ``OpError`` beyond the limit, since a loop of a hostile model may have no end.
  func enterSubgraph() throws(OpError) {
    guard subgraphRuns.add(1, ordering: .relaxed).newValue <= subgraphLimit else {
      throw OpError(
        "a run may take at most \(subgraphLimit) iterations of loops (--max-iterations allows more)", kind: .overBudget)
    }
  }

  /// Gives back `count` bytes that are freed.
  func giveBack(_ count: Int) { liveBytes.subtract(count, ordering: .relaxed) }
}
