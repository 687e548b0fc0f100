public import DecantBytes
public import DecantIR
public import DecantRuntime
internal import Synchronization

/// Runs a model on samples and sums how the inputs of its products go together.
///
/// Samples run side by side, a few at a time; their rows are added in the order of the samples, so the sums are the same
/// whatever the number of threads.
public struct ProductCollector: Sendable {
  private static let batch = 8

  private let executor: Executor
  private let names: [ValueID: String]
  private let threads: Int
  private let reporter: any Reporter

  /// Watches `values` of the main graph of `model`: activations whose last axis a product sums over.
  ///
  /// - Throws: what compiling the model throws.
  public init(
    _ model: Model, values: [ValueID], backends: [any Backend],
    execution: Executor.Options = Executor.Options(threads: Parallel.processors),
    reporter: any Reporter = SilentReporter()
  ) throws(DecantError) {
    var single = execution
    single.threads = 1
    executor = try Executor(
      model, backends: backends, options: single, watching: Set(values), givesOutputs: false, reporter: reporter)
    names = Dictionary(uniqueKeysWithValues: values.map { ($0, model.graph[$0].name) })
    threads = execution.threads
    self.reporter = reporter
  }

  /// The sums for each watched value. Rows that an input `attention_mask` turns off are left out: they are padding.
  ///
  /// - Throws: `malformed` naming the sample, for inputs that do not fit and for values that are not finite.
  public func run(_ samples: Calibrator.Samples) throws(DecantError) -> [ValueID: InputProducts] {
    guard samples.count > 0 else { throw DecantError(.malformed, "there are no samples to calibrate on") }
    let step = "collect products of inputs"
    reporter.report(.started(step))
    if executor.inputs.contains(where: { $0.name == "attention_mask" }) {
      reporter.note("rows that the input 'attention_mask' turns off are left out: they are padding")
    }
    let cutsPadding = try paddingMeansNothing(samples)
    var sums: [ValueID: InputProducts] = [:]
    for start in stride(from: 0, to: samples.count, by: ProductCollector.batch) {
      let end = min(start + ProductCollector.batch, samples.count)
      var seen = try Parallel.map(count: end - start, threads: threads) { (index) throws(DecantError) in
        try rows(of: start + index, samples, cutsPadding: cutsPadding)
      }
      var additions: [(sums: InputProducts, rows: [KeptRows])] = []
      for (value, name) in names.sorted(by: { $0.key.index < $1.key.index }) {
        let rows = seen.indices.compactMap { seen[$0].removeValue(forKey: value) }
        guard let columns = rows.first?.columns else { continue }
        let known = sums[value] ?? InputProducts(count: columns)
        guard rows.allSatisfy({ $0.columns == known.count }) else {
          throw DecantError(.malformed, "'\(name)' has not as many elements in its last axis as before")
        }
        sums[value] = known
        additions.append((known, rows))
      }
      // One to a thread, the large ones first; where there is one only, it is cut.
      additions.sort { $0.sums.count > $1.sums.count }
      Parallel.forEach(count: additions.count, threads: threads, inOrder: true) { [additions] range in
        for (sums, rows) in additions[range] { sums.add(rows, threads: threads) }
      }
      reporter.report(.progress(step, done: end, total: samples.count, unit: "samples"))
    }
    reporter.report(.finished(step, summary: "\(samples.count) samples"))
    return sums
  }

  /// Whether the model gives the same without the padding at the end of samples: tried on the first that has some.
  private func paddingMeansNothing(_ samples: Calibrator.Samples) throws(DecantError) -> Bool {
    for index in 0..<samples.count where PaddingCut.apply(to: try samples.inputs(index)) != nil {
      // A model for inputs of one length only refuses others.
      guard let short = try? rows(of: index, samples, cutsPadding: true) else { return false }
      let whole = try rows(of: index, samples, cutsPadding: false)
      return whole.allSatisfy { value, rows in short[value].map { rows.agree(with: $0) } ?? false }
    }
    return false
  }

  /// What sample `index` sends into each product, one row for each vector.
  private func rows(
    of index: Int, _ samples: Calibrator.Samples, cutsPadding: Bool
  ) throws(DecantError) -> [ValueID: KeptRows] {
    let seen = Mutex<[ValueID: KeptRows]>([:])
    do throws(DecantError) {
      let given = try samples.inputs(index)
      let inputs = cutsPadding ? PaddingCut.apply(to: given) ?? given : given
      let mask = inputs["attention_mask"].flatMap { $0.integers }
      let tap = StatisticsTap(Set(names.keys)) { (value, tensor) throws(OpError) in
        let rows = try KeptRows(tensor, mask)
        seen.withLock { $0[value] = rows }
      }
      _ = try executor.run(inputs, tap: tap)
    } catch {
      throw error.within("sample \(index)")
    }
    return seen.withLock { $0 }
  }
}
