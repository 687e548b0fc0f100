internal import DecantBytes
internal import DecantCompression
internal import DecantIR
internal import DecantRuntime

/// Measures models whose groups of weights have different numbers of bits.
struct PrecisionBench {
  private let model: Model
  private let groups: PrecisionGroups
  private let options: WeightOnlyOptions
  private let products: [ValueID: InputProducts]
  private let measuring: MixedPrecisionWorkflow.Measuring
  private let reporter: any Reporter
  /// Samples run side by side, each on one thread.
  private let execution: Executor.Options
  private var reference: ReferenceOutputs
  /// How many runs a figure is taken on.
  let runs: Int

  init(
    _ model: Model, _ groups: PrecisionGroups, _ options: WeightOnlyOptions, _ products: [ValueID: InputProducts],
    _ measuring: MixedPrecisionWorkflow.Measuring, reporter: any Reporter
  ) throws(DecantError) {
    self.model = model
    self.groups = groups
    self.options = options
    self.products = products
    self.measuring = measuring
    self.reporter = reporter
    runs = min(max(measuring.runs, 1), measuring.samples.count)
    let (count, runs) = (measuring.samples.count, runs)
    var single = measuring.execution
    single.threads = 1
    execution = single
    reference = ReferenceOutputs(
      try Executor(model, backends: measuring.backends, options: single), measuring.samples,
      (0..<runs).map { $0 * count / runs }, threads: measuring.execution.threads)
  }

  /// The noise of the outputs, as a share of their energy and summed over them, for each choice of each group alone.
  ///
  /// One choice of each group is measured; others make noise in proportion to what rounding does to the weights.
  mutating func harms() throws(DecantError) -> [[Double]] {
    let step = "measure groups of weights"
    reporter.report(.started(step))
    let errors = try groups.roundingErrors(model.graph, threads: measuring.execution.threads)
    var harms: [[Double]] = []
    for (index, group) in groups.groups.enumerated() {
      let sample = group.choices.firstIndex { $0.bits >= 3 } ?? 0
      var bits = [Int?](repeating: nil, count: groups.groups.count)
      bits[index] = group.choices[sample].bits
      let noise = try measure(bits).noise
      let scale = errors[index][sample]
      harms.append(errors[index].map { scale > 0 ? noise * $0 / scale : 0 })
      reporter.report(.progress(step, done: index + 1, total: groups.groups.count, unit: "groups"))
    }
    reporter.report(.finished(step, summary: "\(groups.groups.count) groups on \(runs) runs"))
    return harms
  }

  /// How far the outputs are from the float model's: the summed shares of noise, and 1 less the least cosine.
  mutating func measure(_ bits: [Int?]) throws(DecantError) -> (noise: Double, drop: Double) {
    var quantized = model
    _ = try WeightOnlyQuantization.quantize(
      &quantized.graph, options.scheme(formats: try groups.formats(bits)), products: products,
      threads: measuring.execution.threads)
    let outputs = try reference.distances(
      to: try Executor(quantized, backends: measuring.backends, options: execution)
    ).outputs
    let noise = outputs.reduce(0) { $0 + $1.noiseShare }
    return (noise, 1 - (outputs.map(\.cosine).min() ?? 1))
  }
}
