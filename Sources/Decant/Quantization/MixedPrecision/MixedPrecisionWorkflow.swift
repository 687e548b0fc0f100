internal import DecantBytes
public import DecantCompression
public import DecantIR
internal import DecantONNX
public import DecantRuntime

/// The way from a float model to one whose weights have as many bits as each of them needs under a budget.
///
/// Each group of weights is quantized alone, and the noise of the outputs is measured on samples; other numbers of bits make noise
/// in proportion to what rounding does to the weights, and small noises add up. ``BitAllocation`` orders the configurations by what they save for what they cost; one is chosen by its cost, or
/// by a binary search over configurations that are measured whole. Then exchanges between groups are tried.
public struct MixedPrecisionWorkflow: Sendable {
  /// How to measure.
  public struct Measuring: Sendable {
    /// The samples.
    public var samples: SampleSet
    /// At most this many runs, spread evenly over the samples.
    public var runs = 4
    /// How often exchanges are tried.
    public var rounds = 1
    /// What computes.
    public var backends: [any Backend]
    /// How.
    public var execution: Executor.Options

    /// On `samples`.
    public init(_ samples: SampleSet, backends: [any Backend], execution: Executor.Options) {
      self.samples = samples
      self.backends = backends
      self.execution = execution
    }
  }

  /// The float model, prepared.
  public let model: Model
  private let options: WeightOnlyOptions
  private let groups: PrecisionGroups
  private let budget: PrecisionBudget
  private let reporter: any Reporter

  /// Prepares `model`.
  ///
  /// - Parameters:
  ///   - options: how to quantize; the bits of its format are not used.
  ///   - bits: the numbers of bits to choose among.
  ///   - isSymmetric: whether blocks have no zero points; nil for none with 8 bits only.
  /// - Throws: `usage` for a budget without limits, `unsupported` for a model without weights to quantize.
  public init(
    _ model: Model, _ options: WeightOnlyOptions, bits: [Int] = [2, 3, 4, 8], isSymmetric: Bool? = nil,
    budget: PrecisionBudget, reporter: any Reporter = SilentReporter()
  ) throws {
    guard budget.bits != nil || budget.bytes != nil || budget.drop != nil else {
      throw DecantError(.usage, "a mixture of precisions needs a budget: bits, bytes or a drop")
    }
    var model = model
    try model.prepareForQuantization(optimizes: true, reporter: reporter)
    self.model = model
    self.options = options
    self.budget = budget
    self.reporter = reporter
    groups = try PrecisionGroups(model.graph, options, bits: bits, isSymmetric: isSymmetric)
  }

  /// Measures, chooses and quantizes.
  ///
  /// - Throws: `overBudget` when nothing keeps to the budget, saying what comes nearest; what running throws.
  public func quantize(_ measuring: Measuring) throws -> QuantizationResult {
    let fixedBytes = try fixedBytes()
    // What cannot be is said before anything is measured.
    try PrecisionSearch.checkSmallest(of: groups, fixedBytes: fixedBytes, budget: budget)
    let products = try options.scheme().learn(
      model, from: measuring.samples, backends: measuring.backends, execution: measuring.execution, reporter: reporter)
    var bench = try PrecisionBench(model, groups, options, products, measuring, reporter: reporter)
    let harms = try bench.harms()
    let search = PrecisionSearch(
      groups, harms: harms, fixedBytes: fixedBytes, budget: budget, rounds: measuring.rounds)
    let account = try search.choose(bench)
    let (formats, threads) = (try groups.formats(account.chosen.bits), measuring.execution.threads)
    let scheme = options.scheme(formats: formats)
    var quantized = model
    let report = try WeightOnlyQuantization.quantize(
      &quantized.graph, scheme, products: products, threads: threads, reporter: reporter)
    reporter.lossy(
      "\(report.weights) weights are codes of \(account.chosen.meanBits.hundredths) bits in the mean now")
    var result = QuantizationResult(quantized, report, scheme.trials(model, products: products, threads: threads))
    result.precision = account
    return result
  }

  /// The bytes of the file beside the weights that are shared out.
  private func fixedBytes() throws(DecantError) -> Int {
    var smallest = model
    let bits = groups.groups.map { $0.choices[0].bits }
    // The bytes are the same however codes are chosen.
    let scheme = options.scheme(formats: try groups.formats(bits)).byRounding
    _ = try WeightOnlyQuantization.quantize(&smallest.graph, scheme)
    let bytes = try ONNXWriter().byteCount(of: smallest)
    return bytes + (try factorBytes()) - groups.groups.reduce(0) { $0 + $1.choices[0].bytes }
  }

  /// The most that factors of scaled inputs can take: a constant and a node for each input.
  private func factorBytes() throws(DecantError) -> Int {
    guard options.algorithm.scalesInputs else { return 0 }
    let graph = model.graph
    return try WeightOnlyQuantization.valuesToCollect(graph, options.scheme()).reduce(0) { sum, value in
      let columns = graph[value].type.shape?.dimensions.last?.fixed ?? 0
      return sum + 4 * columns + 8 * graph[value].name.utf8.count + 256
    }
  }
}
