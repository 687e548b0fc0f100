internal import CKernels
internal import Synchronization

/// The one door for data parallelism.
///
/// Results are kept by index: they do not depend on how many threads there are. A call costs about a
/// microsecond when the one before was half a millisecond ago or less, else as much as waking threads does. Each thread begins
/// with a part of its own and goes through it in order: work that follows other work on the same data finds it in its processor's
/// cache when both are cut alike.
public enum Parallel {
  /// How many processors this process may use.
  public static var processors: Int { Int(decant_processors()) }

  /// Calls `body` for consecutive ranges of at most `grain` indices that cover `0..<count`, on up to `threads` threads; `inOrder`,
  /// ranges begin one after another.
  ///
  /// - Throws: the error of the first failing range in index order; later ranges may not have run then.
  public static func forEach<E: Error>(
    count: Int, grain: Int = 1, threads: Int = processors, inOrder: Bool = false,
    _ body: @Sendable (Range<Int>) throws(E) -> Void
  ) throws(E) {
    guard count > 0 else { return }
    let grain = max(1, grain)
    let chunks = (count - 1) / grain + 1
    let workers = min(chunks, max(1, threads))
    @Sendable func range(_ chunk: Int) -> Range<Int> { chunk * grain..<min(count, chunk * grain + grain) }
    guard workers > 1 else {
      for chunk in 0..<chunks { try body(range(chunk)) }
      return
    }
    let failures = FirstFailure<E>(chunks: chunks)
    withoutActuallyEscaping(body) { body in
      TeamWork { chunk in
        guard failures.mayMatter(chunk) else { return }
        do throws(E) {
          try body(range(chunk))
        } catch {
          failures.add(chunk, error)
        }
      }.run(chunks, threads: workers, inOrder: inOrder)
    }
    if let failure = failures.error { throw failure }
  }

  /// The results of `body` for each index of `0..<count`, in order, computed on up to `threads` threads.
  ///
  /// - Throws: the error of the first failing index among those that ran.
  public static func map<Result: Sendable, E: Error>(
    count: Int, grain: Int = 1, threads: Int = processors, _ body: @Sendable (Int) throws(E) -> Result
  ) throws(E) -> [Result] {
    let results = Mutex<[(start: Int, values: [Result])]>([])
    try forEach(count: count, grain: grain, threads: threads) { (range) throws(E) in
      var values: [Result] = []
      values.reserveCapacity(range.count)
      for index in range { values.append(try body(index)) }
      results.withLock { $0.append((range.lowerBound, values)) }
    }
    return results.withLock { $0.sorted { $0.start < $1.start }.flatMap(\.values) }
  }
}

/// The failure of the first chunk, in order, that fails: chunks after one that has failed are not begun any more.
private final class FirstFailure<E: Error>: Sendable {
  private let first: Atomic<Int>
  private let failure = Mutex<(chunk: Int, error: E)?>(nil)

  init(chunks: Int) { first = Atomic(chunks) }

  var error: E? { failure.withLock { $0?.error } }

  func mayMatter(_ chunk: Int) -> Bool { chunk < first.load(ordering: .relaxed) }

  func add(_ chunk: Int, _ error: E) {
    failure.withLock { known in
      guard known.map({ chunk < $0.chunk }) ?? true else { return }
      known = (chunk, error)
      first.store(chunk, ordering: .relaxed)
    }
  }
}

/// What the threads of one call run, chunk by chunk.
private final class TeamWork: Sendable {
  private let work: @Sendable (Int) -> Void

  init(_ work: @escaping @Sendable (Int) -> Void) { self.work = work }

  /// Runs it for all chunks on up to `threads` threads at once, and waits.
  func run(_ chunks: Int, threads: Int, inOrder: Bool) {
    withExtendedLifetime(self) {
      unsafe decant_team(
        Int32(clamping: threads), chunks, inOrder ? 1 : 0,
        { argument, _, chunk in
          guard let argument = unsafe argument else { return }
          unsafe Unmanaged<TeamWork>.fromOpaque(argument).takeUnretainedValue().work(chunk)
        }, Unmanaged.passUnretained(self).toOpaque())
    }
  }
}
