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
    executor = try Executor(model, backends: backends, options: single, watching: Set(values))
    names = Dictionary(uniqueKeysWithValues: values.map { ($0, model.graph[$0].name) })
    threads = execution.threads
    self.reporter = reporter
    for note in executor.notes { reporter.note(note) }
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
    var sums: [ValueID: InputProducts] = [:]
    for start in stride(from: 0, to: samples.count, by: ProductCollector.batch) {
      let end = min(start + ProductCollector.batch, samples.count)
      var seen = try Parallel.map(count: end - start, threads: threads) { (index) throws(DecantError) in
        try rows(of: start + index, samples)
      }
      for value in names.keys.sorted(by: { $0.index < $1.index }) {
        let parts = seen.indices.compactMap { seen[$0].removeValue(forKey: value) }
        guard let columns = parts.first?.columns else { continue }
        let known = sums[value] ?? InputProducts(count: columns)
        guard parts.allSatisfy({ $0.columns == known.count }) else {
          throw DecantError(.malformed, "'\(names[value] ?? "")' has not as many elements in its last axis as before")
        }
        known.add(Matrix(stacking: parts, columns: columns), threads: threads)
        sums[value] = known
      }
      reporter.report(.progress(step, done: end, total: samples.count, unit: "samples"))
    }
    reporter.report(.finished(step, summary: "\(samples.count) samples"))
    return sums
  }

  /// What sample `index` sends into each product, one row for each vector.
  private func rows(of index: Int, _ samples: Calibrator.Samples) throws(DecantError) -> [ValueID: Matrix] {
    let seen = Mutex<[ValueID: Matrix]>([:])
    do throws(DecantError) {
      let inputs = try samples.inputs(index)
      let mask = inputs["attention_mask"].flatMap { $0.integers }
      let tap = StatisticsTap(Set(names.keys)) { (value, tensor) throws(OpError) in
        let matrix = try ProductCollector.matrix(tensor, mask)
        seen.withLock { $0[value] = matrix }
      }
      _ = try executor.run(inputs, tap: tap)
    } catch {
      throw error.within("sample \(index)")
    }
    return seen.withLock { $0 }
  }

  private static func matrix(_ tensor: Tensor, _ mask: [Int]?) throws(OpError) -> Matrix {
    guard let floats = tensor.floats, let columns = tensor.shape.last, columns > 0 else {
      throw OpError("expected floats, got \(tensor.type)", kind: .unsupported)
    }
    if let index = floats.firstIndex(where: { !$0.isFinite }) {
      throw OpError("the element \(index) is \(floats[index]); inputs of products must be finite")
    }
    let rows = floats.count / columns
    guard let mask, mask.count == rows, tensor.rank > 2, mask.contains(0) else {
      return Matrix(rows: rows, columns: columns, elements: floats)
    }
    let kept = mask.indices.filter { mask[$0] != 0 }
    var elements: [Float] = []
    elements.reserveCapacity(kept.count * columns)
    for row in kept { elements += floats[row * columns..<(row + 1) * columns] }
    return Matrix(rows: kept.count, columns: columns, elements: elements)
  }
}
