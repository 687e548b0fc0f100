public import DecantBytes
public import DecantIR
public import DecantRuntime

/// How many samples a second a model takes when several runs go on at once, each on one thread.
public struct Throughput: Sendable {
  /// How many samples were run.
  public let samples: Int
  /// How many runs went on at once.
  public let threads: Int
  /// Samples in a second.
  public let samplesPerSecond: Double

  /// Runs at least `samples` samples, `batch` at a time as `inputs` gives them by the index of the run.
  ///
  /// - Parameter executor: with one thread for a run.
  /// - Throws: what running throws.
  public init(
    _ executor: Executor, samples: Int, batch: Int, threads: Int,
    inputs: @Sendable (Int) throws(DecantError) -> [String: Tensor]
  ) throws(DecantError) {
    let runs = max(1, (samples - 1) / max(1, batch) + 1)
    // Kernels are made by the first run.
    _ = try executor.run(try inputs(0))
    let start = ContinuousClock.now
    try Parallel.forEach(count: runs, threads: threads) { (range) throws(DecantError) in
      for index in range { _ = try executor.run(try inputs(index)) }
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    self.samples = runs * max(1, batch)
    self.threads = min(threads, runs)
    samplesPerSecond = seconds > 0 ? Double(runs * max(1, batch)) / seconds : 0
  }
}
