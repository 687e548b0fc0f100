internal import DecantBytes
internal import DecantIR
internal import DecantRuntime

/// What the float model gives on some samples: kept while it is small, and computed again beyond that.
struct ReferenceOutputs {
  private static let limit = 1 << 28

  private let executor: Executor
  private let samples: SampleSet
  private let picks: [Int]
  /// Nothing counted; nil without labels.
  private let tally: LabelTally?
  private let threads: Int
  private var kept: [Int: RunResult] = [:]
  private var bytes = 0

  /// Runs `threads` samples side by side; executors are best compiled for one thread each then.
  init(_ executor: Executor, _ samples: SampleSet, _ picks: [Int], _ tally: LabelTally? = nil, threads: Int) {
    self.executor = executor
    self.samples = samples
    self.picks = picks
    self.tally = tally
    self.threads = max(threads, 1)
  }

  /// How far the outputs of `other` are from the float ones, outputs that are no floats left out; and how often its largest
  /// score is at the label.
  ///
  /// - Throws: `unsupported` when there is no output of floats, and what running throws.
  mutating func distances(
    to other: Executor
  ) throws(DecantError) -> (outputs: [Comparison.Output], accuracy: Double?) {
    var tally = tally
    let pairs = try Comparison.pair(executor.outputNames, other.outputNames)
    var sums = pairs.map { _ -> OutputSums? in nil }
    for start in stride(from: 0, to: picks.count, by: threads) {
      let some = Array(picks[start..<min(start + threads, picks.count)])
      for (pick, run) in zip(some, try runs(some, other)) {
        keep(run.wanted, pick)
        try tally?.add(run.got, firstRow: samples.firstRow(pick))
        for (index, pair) in pairs.enumerated() {
          guard let a = run.wanted[pair.reference], let b = run.got[pair.other], a.dataType.isFloat else { continue }
          var sum = sums[index] ?? OutputSums()
          try sum.add(a, b, name: pair.reference)
          sums[index] = sum
        }
      }
    }
    let distances = zip(pairs, sums).compactMap { pair, sum in sum?.output(name: pair.reference) }
    guard !distances.isEmpty else { throw DecantError(.unsupported, "the model has no output of floats to compare") }
    return (distances, tally?.accuracy)
  }

  /// How often the float model's largest score is at the label; nil without labels.
  mutating func accuracy() throws(DecantError) -> Double? {
    guard var tally else { return nil }
    for pick in picks {
      let result: RunResult
      if let known = kept[pick] {
        result = known
      } else {
        result = try executor.run(try samples.inputs(pick))
        keep(result, pick)
      }
      try tally.add(result, firstRow: samples.firstRow(pick))
    }
    return tally.accuracy
  }

  /// What both models give for each of `some`, side by side.
  private func runs(_ some: [Int], _ other: Executor) throws(DecantError) -> [(wanted: RunResult, got: RunResult)] {
    let (executor, samples, kept) = (executor, samples, kept)
    return try Parallel.map(count: some.count, threads: threads) {
      (index) throws(DecantError) -> (wanted: RunResult, got: RunResult) in
      let inputs = try samples.forCalibration.inputs(some[index])
      if let known = kept[some[index]] { return (known, try other.run(inputs)) }
      return (try executor.run(inputs), try other.run(inputs))
    }
  }

  private mutating func keep(_ result: RunResult, _ pick: Int) {
    let size = result.outputs.reduce(0) { $0 + ($1.value.tensor?.byteCount ?? 0) }
    guard kept[pick] == nil, bytes + size <= ReferenceOutputs.limit else { return }
    kept[pick] = result
    bytes += size
  }
}
