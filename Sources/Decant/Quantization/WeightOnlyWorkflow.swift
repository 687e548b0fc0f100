public import DecantBytes
public import DecantCompression
internal import DecantForms
public import DecantIR
public import DecantRuntime

/// The way from a float model to one whose weights alone are codes: prepare, learn from samples where that helps, quantize.
public struct WeightOnlyWorkflow: Sendable {
  /// The model; its types are inferred and its functions expanded, and nothing else is changed before it is quantized.
  public private(set) var model: Model
  /// How to quantize.
  public let scheme: WeightScheme
  private var products: [ValueID: InputProducts] = [:]
  private var observe: WeightOnlyQuantization.Observation?
  private let reporter: any Reporter

  /// Prepares `model`.
  ///
  /// - Throws: what the passes throw.
  public init(_ model: Model, _ scheme: WeightScheme, reporter: any Reporter = SilentReporter()) throws {
    self.model = model
    self.scheme = scheme
    self.reporter = reporter
    try self.model.prepareForQuantization(optimizes: false, reporter: reporter)
  }

  /// One pass over the samples, and with `inSequence` one more for each activation that products read, as far as to it, when
  /// the weights before it are in codes.
  ///
  /// - Throws: what running throws, naming the sample.
  public mutating func learn(
    from samples: SampleSet, inSequence: Bool = false, backends: [any Backend], execution: Executor.Options
  ) throws(DecantError) {
    products = try scheme.learn(model, from: samples, backends: backends, execution: execution, reporter: reporter)
    guard inSequence else { return }
    observe = { [model] (input, graph) throws(DecantError) in
      var part = model
      part.graph = graph
      // Floats that codes stand for are multiplied faster than codes.
      _ = FormConversion.convert(&part.graph, to: .float)
      // The executor computes what outputs need.
      part.graph.edit { rewriter in
        for index in graph.outputs.indices { rewriter.replace(.output(index: index), with: input) }
      }
      return try ProductCollector(part, values: [input], backends: backends, execution: execution)
        .run(samples.forCalibration)[input]
    }
  }

  /// Quantizes nodes of the model one at a time. Asked for before the model is quantized.
  public func trials(threads: Int = Parallel.processors) -> LayerTrials {
    scheme.trials(model, products: products, threads: threads)
  }

  /// What quantizing would make of the model, its codes by rounding whatever the algorithm: sizes are right, codes are not. The
  /// model stays as it is.
  ///
  /// - Throws: as ``quantize(threads:)``.
  public func rehearse(threads: Int = Parallel.processors) throws(DecantError) -> QuantizationResult {
    var planned = model
    let report = try WeightOnlyQuantization.quantize(&planned.graph, scheme.byRounding, threads: threads)
    return QuantizationResult(planned, report)
  }

  /// Quantizes the model.
  ///
  /// - Throws: what ``WeightOnlyQuantization`` throws.
  public mutating func quantize(threads: Int = Parallel.processors) throws(DecantError) -> QuantizationReport {
    let report = try WeightOnlyQuantization.quantize(
      &model.graph, scheme, products: products, observe: observe, threads: threads, reporter: reporter)
    for note in report.notes { reporter.note(note) }
    if report.weights > 0 {
      reporter.lossy("\(report.weights) weights are \(scheme.what) now")
      if let drawback = scheme.drawback { reporter.note(drawback) }
    }
    return report
  }
}

extension WeightScheme {
  /// How inputs of products go together in one pass over the samples; nothing for a scheme that asks for nothing.
  func learn(
    _ model: Model, from samples: SampleSet, backends: [any Backend], execution: Executor.Options,
    reporter: any Reporter
  ) throws(DecantError) -> [ValueID: InputProducts] {
    guard needsSamples else { return [:] }
    let values = try WeightOnlyQuantization.valuesToCollect(model.graph, self)
    let collector = try ProductCollector(
      model, values: values, backends: backends, execution: execution, reporter: reporter)
    return try collector.run(samples.forCalibration)
  }

  /// Nodes of `model` quantized one at a time.
  func trials(_ model: Model, products: [ValueID: InputProducts], threads: Int) -> LayerTrials {
    LayerTrials(model) { [self] (graph, nodes) throws(DecantError) in
      var alone = self
      alone.include = nodes
      return try WeightOnlyQuantization.quantize(&graph, alone, products: products, threads: threads)
    }
  }
}
