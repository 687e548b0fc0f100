public import DecantBytes
public import DecantCompression
public import DecantIR
public import DecantRuntime

/// The way from a float model to one whose weights are codes in blocks: prepare, learn from samples where that helps, quantize.
public struct WeightOnlyWorkflow: Sendable {
  /// The model; its types are inferred and its functions expanded, and nothing else is changed before it is quantized.
  public private(set) var model: Model
  /// How to quantize.
  public let options: WeightOnlyOptions
  private var products: [ValueID: InputProducts] = [:]
  private let reporter: any Reporter

  /// Prepares `model`.
  ///
  /// - Throws: what the passes throw.
  public init(_ model: Model, _ options: WeightOnlyOptions, reporter: any Reporter = SilentReporter()) throws {
    self.model = model
    self.options = options
    self.reporter = reporter
    try self.model.prepareForQuantization(optimizes: false, reporter: reporter)
  }

  /// One pass over the samples.
  ///
  /// - Throws: what running throws, naming the sample.
  public mutating func learn(
    from samples: SampleSet, backends: [any Backend], execution: Executor.Options
  ) throws(DecantError) {
    let values = try WeightOnlyQuantization.valuesToCollect(model.graph, options)
    let collector = try ProductCollector(
      model, values: values, backends: backends, execution: execution, reporter: reporter)
    products = try collector.run(samples.forCalibration)
  }

  /// Quantizes the model.
  ///
  /// - Throws: what ``WeightOnlyQuantization`` throws.
  public mutating func quantize(threads: Int = Parallel.processors) throws(DecantError) -> QuantizationReport {
    let report = try WeightOnlyQuantization.quantize(
      &model.graph, options, products: products, threads: threads, reporter: reporter)
    let (bits, storedBits) = (options.format.bits, options.format.storedBits)
    let stored = bits == storedBits ? "" : ", stored in \(storedBits)"
    if report.weights > 0 {
      reporter.lossy("\(report.weights) weights are codes of \(options.format.bits) bits now\(stored)")
    }
    return report
  }

  /// What quantizing would make of the model, its codes by rounding whatever the algorithm: sizes are right, codes are not. The
  /// model stays as it is.
  ///
  /// - Throws: as ``quantize(threads:)``.
  public func rehearse(threads: Int = Parallel.processors) throws(DecantError) -> QuantizationResult {
    var (planned, plain) = (model, options)
    if let rounding = WeightAlgorithm.named("rtn") { plain.algorithm = rounding }
    let report = try WeightOnlyQuantization.quantize(&planned.graph, plain, threads: threads)
    return QuantizationResult(planned, report)
  }

  /// Quantizes nodes of the model one at a time. Asked for before the model is quantized.
  public func trials(threads: Int = Parallel.processors) -> LayerTrials {
    LayerTrials(model) { [options, products] (graph, nodes) throws(DecantError) in
      var alone = options
      alone.include = nodes
      return try WeightOnlyQuantization.quantize(&graph, alone, products: products, threads: threads)
    }
  }
}
