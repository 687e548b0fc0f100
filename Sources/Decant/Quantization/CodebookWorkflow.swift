public import DecantBytes
public import DecantCompression
public import DecantIR
public import DecantRuntime

/// The way from a float model to one whose weights are 4-bit floats: prepare, learn from samples where errors are spread, quantize.
public struct CodebookWorkflow: Sendable {
  /// The model; its types are inferred, and nothing else is changed before it is quantized.
  public private(set) var model: Model
  /// How to quantize.
  public let options: CodebookOptions
  private var products: [ValueID: InputProducts] = [:]
  private let reporter: any Reporter

  /// Prepares `model`.
  ///
  /// - Throws: what the passes throw.
  public init(_ model: Model, _ options: CodebookOptions, reporter: any Reporter = SilentReporter()) throws {
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
    let values = try CodebookQuantization.valuesToCollect(model.graph, options)
    let collector = try ProductCollector(
      model, values: values, backends: backends, execution: execution, reporter: reporter)
    products = try collector.run(samples.forCalibration)
  }

  /// Quantizes nodes of the model one at a time. Asked for before the model is quantized.
  public func trials(threads: Int = Parallel.processors) -> LayerTrials {
    LayerTrials(model) { [options, products] (graph, nodes) throws(DecantError) in
      var alone = options
      alone.include = nodes
      return try CodebookQuantization.quantize(&graph, alone, products: products, threads: threads)
    }
  }

  /// What quantizing would make of the model, its codes by rounding: sizes are right, codes are not. The model stays as it is.
  ///
  /// - Throws: as ``quantize(threads:)``.
  public func rehearse(threads: Int = Parallel.processors) throws(DecantError) -> QuantizationResult {
    var (planned, plain) = (model, options)
    plain.spreadsErrors = false
    let report = try CodebookQuantization.quantize(&planned.graph, plain, threads: threads)
    return QuantizationResult(planned, report)
  }

  /// Quantizes the model.
  ///
  /// - Throws: what ``CodebookQuantization`` throws.
  public mutating func quantize(threads: Int = Parallel.processors) throws(DecantError) -> QuantizationReport {
    let report = try CodebookQuantization.quantize(&model.graph, options, products: products, threads: threads)
    if report.weights > 0 {
      reporter.lossy("\(report.weights) weights are 4-bit floats (\(options.codebook.rawValue)) now")
      reporter.note("the model is smaller, not faster: runtimes multiply by 4-bit floats slower than by float32")
    }
    return report
  }
}
