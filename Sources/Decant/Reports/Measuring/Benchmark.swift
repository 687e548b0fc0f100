public import DecantBytes
public import DecantIR
public import DecantRuntime

/// Latency and memory of a model on this machine.
public struct Benchmark: Sendable {
  /// The median of the runs, in milliseconds.
  public let medianMilliseconds: Double
  /// Nine runs of ten are at least as fast, in milliseconds.
  public let p90Milliseconds: Double
  /// The most bytes that results of nodes held at once in a run.
  public let peakBytes: Int
  /// How many runs were timed.
  public let runs: Int

  /// Runs the model on `inputs` `warmUps` times, and then for at least `seconds` and `atLeast` runs, at most 10,000.
  ///
  /// - Throws: what running throws.
  public init(
    _ executor: Executor, inputs: [String: Tensor], seconds: Double = 1, warmUps: Int = 3, atLeast: Int = 10
  ) throws(DecantError) {
    let clock = ContinuousClock()
    var peak = 0
    for _ in 0..<warmUps { peak = max(peak, try executor.run(inputs).peakBytes) }
    var times: [Double] = []
    let start = clock.now
    while times.count < max(1, atLeast) || (start.duration(to: clock.now) < .seconds(seconds) && times.count < 10_000) {
      let before = clock.now
      peak = max(peak, try executor.run(inputs).peakBytes)
      times.append(before.duration(to: clock.now) / .milliseconds(1))
    }
    times.sort()
    medianMilliseconds = times[times.count / 2]
    p90Milliseconds = times[min(times.count * 9 / 10, times.count - 1)]
    peakBytes = peak
    runs = times.count
  }
}
