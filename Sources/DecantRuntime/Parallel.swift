internal import CKernels
internal import Synchronization

/// The one door for data parallelism.
///
/// Work is cut by size, never by the number of threads, and results are kept by index: they do not depend on how many
/// threads there are. Where oneDNN is loaded the threads are its own, and a call costs some microseconds; elsewhere they are
/// started for each call, for about 30 µs, so a grain should take a tenth of a millisecond or more.
public enum Parallel {
  /// How many processors this process may use.
  public static var processors: Int { Int(decant_processors()) }

  /// Calls `body` for consecutive ranges of at most `grain` indices that cover `0..<count`, on up to `threads` threads.
  ///
  /// - Throws: the error of the first failing range in index order; later ranges may not have run then.
  public static func forEach<E: Error>(
    count: Int, grain: Int = 1, threads: Int = processors, _ body: @Sendable (Range<Int>) throws(E) -> Void
  ) throws(E) {
    guard count > 0 else { return }
    let grain = max(1, grain)
    let chunks = (count - 1) / grain + 1
    let workers = min(chunks, max(1, threads))
    func range(_ chunk: Int) -> Range<Int> { chunk * grain..<min(count, chunk * grain + grain) }
    guard workers > 1 else {
      for chunk in 0..<chunks { try body(range(chunk)) }
      return
    }
    let queue = ChunkQueue<E>(chunks: chunks)
    let failure = withoutActuallyEscaping(body) { body in
      TeamWork {
        while let chunk = queue.next() {
          do throws(E) {
            try body(chunk * grain..<min(count, chunk * grain + grain))
          } catch {
            queue.fail(chunk, error)
          }
        }
      }.run(threads: workers)
      return queue.failure
    }
    if let failure { throw failure }
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

/// Hands out chunks in order, until all are taken or one has failed.
private final class ChunkQueue<E: Error>: Sendable {
  private let chunks: Int
  private let taken = Atomic<Int>(0)
  private let first = Mutex<(chunk: Int, error: E)?>(nil)

  init(chunks: Int) { self.chunks = chunks }

  var failure: E? { first.withLock { $0?.error } }

  func next() -> Int? {
    let chunk = taken.add(1, ordering: .relaxed).oldValue
    return chunk < chunks ? chunk : nil
  }

  /// Chunks before the failing one are already taken, so the first failure in order is always found.
  func fail(_ chunk: Int, _ error: E) {
    first.withLock { known in
      if known.map({ chunk < $0.chunk }) ?? true { known = (chunk, error) }
    }
    taken.store(chunks, ordering: .relaxed)
  }
}

/// What all threads of one call run.
private final class TeamWork: Sendable {
  private let work: @Sendable () -> Void

  init(_ work: @escaping @Sendable () -> Void) { self.work = work }

  /// Runs it on up to `threads` threads at once, and waits.
  func run(threads: Int) {
    withExtendedLifetime(self) {
      unsafe decant_team(
        Int32(clamping: threads),
        { argument in
          guard let argument = unsafe argument else { return }
          unsafe Unmanaged<TeamWork>.fromOpaque(argument).takeUnretainedValue().work()
        }, Unmanaged.passUnretained(self).toOpaque())
    }
  }
}
