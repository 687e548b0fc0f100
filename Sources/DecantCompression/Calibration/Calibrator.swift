public import DecantBytes
internal import DecantForms
public import DecantIR
public import DecantRuntime
internal import Synchronization

/// Runs a model on samples and keeps a few numbers of each value: one pass, in memory that does not grow with the samples.
public struct Calibrator: Sendable {
  /// Where samples come from; asked from several threads.
  public struct Samples: Sendable {
    /// How many there are.
    public let count: Int
    /// The inputs of sample `index`, by name.
    public let inputs: @Sendable (_ index: Int) throws(DecantError) -> [String: Tensor]

    /// From a count and a way to each sample.
    public init(
      count: Int, inputs: @escaping @Sendable (_ index: Int) throws(DecantError) -> [String: Tensor]
    ) {
      self.count = count
      self.inputs = inputs
    }
  }

  private let executor: Executor
  private let names: [ValueID: String]
  /// Results of Constant nodes, which no run produces.
  private let constants: [(name: String, tensor: Tensor)]
  /// The axis of channels of the values whose channels are watched too.
  private let channelAxes: [ValueID: Int]
  private let threads: Int
  private let reporter: any Reporter

  /// About how many rows of a value are kept, from all samples together.
  private static let keptRows = 1024

  /// Watches `values` of the main graph of `model`, and the channels of those with an axis in `channelAxes`. Samples run side
  /// by side on the threads of `execution`.
  ///
  /// - Throws: what compiling the model throws.
  public init(
    _ model: Model, values: [ValueID], channelAxes: [ValueID: Int] = [:], backends: [any Backend],
    execution: Executor.Options = Executor.Options(threads: Parallel.processors),
    reporter: any Reporter = SilentReporter()
  ) throws(DecantError) {
    self.channelAxes = channelAxes
    var single = execution
    single.threads = 1
    executor = try Executor(model, backends: backends, options: single, watching: Set(values), reporter: reporter)
    names = Dictionary(uniqueKeysWithValues: values.map { ($0, model.graph[$0].name) })
    constants = values.compactMap { value in
      let producer = model.graph[value].producer.map { model.graph[$0] }
      guard let producer, producer.op == "Constant", let tensor = producer.attributes.tensor("value") else {
        return nil
      }
      return (model.graph[value].name, tensor)
    }
    threads = execution.threads
    self.reporter = reporter
  }

  /// The statistics of all samples; the same whatever the order, the batching and the number of threads.
  ///
  /// - Throws: `malformed` naming the sample, for inputs that do not fit and for values that are not a number.
  public func run(_ samples: Samples, withHistograms: Bool) throws(DecantError) -> CalibrationStatistics {
    let channels = OrderedMerge([String: ChannelStatistics]()) { (total, part) throws(OpError) in
      for (name, statistics) in part {
        do throws(OpError) {
          if total[name] == nil { total[name] = statistics } else { try total[name]?.merge(statistics) }
        } catch {
          throw OpError("'\(name)': \(error.message)", kind: error.kind)
        }
      }
    }
    let collectors = try collect(samples, step: "calibrate", channels: channels) { _ in
      TensorStatistics()
    } observe: { (statistics, tensor, known) throws(OpError) in
      try statistics.observe(tensor, withHistogram: withHistograms, known: known)
    }
    var total = CalibrationStatistics(samples: samples.count)
    for collector in collectors { total.merge(CalibrationStatistics(tensors: collector)) }
    total.channels = channels.total
    return total
  }

  /// The ranges that ONNX Runtime's min/max calibrator chooses: the extremes, masks included.
  ///
  /// - Throws: as ``run(_:withHistograms:)``.
  public func onnxRuntimeExtremes(_ samples: Samples) throws(DecantError) -> CalibratedRanges {
    CalibratedRanges(byName: try extremes(samples).compactMapValues(\.range))
  }

  private func extremes(_ samples: Samples) throws(DecantError) -> [String: MagnitudeExtremes] {
    let collected = try collect(samples, step: "calibrate: extremes") { _ in
      MagnitudeExtremes()
    } observe: { (extremes, tensor, _) throws(OpError) in
      try extremes.observe(tensor)
    }
    var merged: [String: MagnitudeExtremes] = [:]
    for collector in collected { merged.merge(collector) { $0.merged(with: $1) } }
    return merged
  }

  /// The ranges that ONNX Runtime's percentile calibrator chooses, in two passes: extremes, then its histogram.
  ///
  /// - Throws: as ``run(_:withHistograms:)``.
  public func onnxRuntimePercentile(_ samples: Samples, percentage: Double) throws(DecantError) -> CalibratedRanges {
    let known = try extremes(samples)
    let histograms = try collect(samples, step: "calibrate: histograms") { name in
      NumPyHistogram(low: known[name]?.least ?? 0, high: known[name]?.greatest ?? 0, bins: 2048)
    } observe: { (histogram, tensor, _) throws(OpError) in
      try histogram.observe(tensor)
    }
    var counted: [String: NumPyHistogram] = [:]
    for collector in histograms { counted.merge(collector) { $0.merged(with: $1) } }
    var ranges = CalibratedRanges()
    for (name, histogram) in counted {
      guard let observed = known[name]?.range else { continue }
      let limit = histogram.edge(atPercentile: percentage)
      ranges.byName[name] = TensorRange(
        -limit < observed.low ? observed.low : -limit, limit > observed.high ? observed.high : limit)
    }
    return ranges
  }

  /// Runs all samples; each thread collects for itself, and the collections come back to be merged. `observe` is told the
  /// extremes of values whose channels are watched, when they are finite.
  func collect<State: Sendable>(
    _ samples: Samples, step: String, channels: OrderedMerge<[String: ChannelStatistics], OpError>? = nil,
    make: @escaping @Sendable (String) -> State,
    observe: @escaping @Sendable (inout State, Tensor, _ known: TensorRange?) throws(OpError) -> Void
  ) throws(DecantError) -> [[String: State]] {
    guard samples.count > 0 else { throw DecantError(.malformed, "there are no samples to calibrate on") }
    let free = Mutex<[Collection<State>]>([])
    let kept = (Calibrator.keptRows + samples.count - 1) / samples.count
    let done = Atomic<Int>(0)
    reporter.report(.started(step))
    // What comes back out of order waits.
    try Parallel.forEach(count: samples.count, threads: threads, inOrder: true) { (range) throws(DecantError) in
      let collection = free.withLock { $0.popLast() } ?? Collection<State>()
      for index in range {
        do throws(DecantError) {
          let seen = Mutex<[String: ChannelStatistics]>([:])
          let watch = { @Sendable (name: String, tensor: Tensor, axis: Int?, kept: Int) throws(OpError) in
            guard channels != nil, let axis else { return try collection.update(name, make, tensor, nil, observe) }
            let found = try ChannelStatistics(tensor, axis: axis, sample: index, kept: kept)
            try collection.update(name, make, tensor, found.range, observe)
            guard found.isFinite else { throw OpError("a value is not finite") }
            seen.withLock { $0[name] = found }
          }
          let tap = StatisticsTap(asTheyLie: Set(names.keys)) { (value, tensor) throws(OpError) in
            guard let name = names[value] else { return }
            let axis = channelAxes[value]
            guard let images = ChannelsLast.of(tensor), axis == nil || axis == 1 else {
              return try watch(name, try tensor.plain().aligned, axis, kept)
            }
            do throws(OpError) {
              // Rows are kept of what is written so, not of images.
              try watch(name, images.tensor, axis.map { _ in images.tensor.rank - 1 }, 0)
            } catch {
              // Errors name elements by their places in row-major order.
              try watch(name, try tensor.plain().aligned, axis, kept)
              throw error
            }
          }
          _ = try executor.run(try samples.inputs(index), tap: tap)
          try Calibrator.submit(seen.withLock { $0 }, index, to: channels)
        } catch {
          throw error.within("sample \(index)")
        }
        let finished = done.add(1, ordering: .relaxed).newValue
        reporter.report(.progress(step, done: finished, total: samples.count, unit: "samples"))
      }
      free.withLock { $0.append(collection) }
    }
    reporter.report(.finished(step, summary: "\(samples.count) samples"))
    let fixed = Collection<State>()
    for (name, tensor) in constants where tensor.dataType == .float32 {
      do throws(OpError) {
        try fixed.update(name, make, tensor, nil, observe)
      } catch {
        throw DecantError(error, at: [name])
      }
    }
    return free.withLock { $0.map(\.states) } + [fixed.states]
  }

  private static func submit(
    _ part: [String: ChannelStatistics], _ index: Int, to channels: OrderedMerge<[String: ChannelStatistics], OpError>?
  ) throws(DecantError) {
    do throws(OpError) {
      try channels?.submit(index, part)
    } catch {
      throw DecantError(error)
    }
  }
}

/// What one thread has collected; used by one thread at a time.
private final class Collection<State: Sendable>: Sendable {
  private let storage = Mutex<[String: State]>([:])

  var states: [String: State] { storage.withLock { $0 } }

  func update(
    _ name: String, _ make: (String) -> State, _ tensor: Tensor, _ known: TensorRange?,
    _ observe: (inout State, Tensor, TensorRange?) throws(OpError) -> Void
  ) throws(OpError) {
    let taken = storage.withLock { $0.removeValue(forKey: name) }
    var state = taken ?? make(name)
    try observe(&state, tensor, known)
    let updated = state
    storage.withLock { $0[name] = updated }
  }
}
