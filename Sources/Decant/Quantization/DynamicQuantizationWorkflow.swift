public import DecantBytes
public import DecantCompression
public import DecantIR
public import DecantRuntime

/// The way from a float model to a dynamic int8 model: prepare, learn from samples if there are any, quantize.
public struct DynamicQuantizationWorkflow: Sendable {
  /// The model, prepared: types inferred, and in Decant's own style optimized.
  public private(set) var model: Model
  /// How to quantize.
  public let options: DynamicQuantizationOptions
  private var learned = LayerStatistics()
  private let reporter: any Reporter

  /// Prepares `model`.
  ///
  /// - Parameter optimizes: whether constants and normalizations are folded first; ONNX Runtime's style never does.
  /// - Throws: what the passes throw.
  public init(
    _ model: Model, _ options: DynamicQuantizationOptions, optimizes: Bool = true,
    reporter: any Reporter = SilentReporter()
  ) throws {
    self.model = model
    self.options = options
    self.reporter = reporter
    try self.model.prepareForQuantization(
      optimizes: options.style == .decant && optimizes, expandsFunctions: options.style == .decant,
      selectors: options.include + options.exclude, reporter: reporter)
  }

  /// One pass over samples: which columns of activations reach further than others.
  ///
  /// - Throws: what calibrating throws, naming the sample.
  public mutating func learn(
    from samples: SampleSet, backends: [any Backend], execution: Executor.Options
  ) throws(DecantError) {
    let channels = try DynamicQuantization.channelsToCalibrate(model.graph, options: options)
    let calibrator = try Calibrator(
      model, values: channels.keys.sorted { $0.index < $1.index }, channelAxes: channels, backends: backends,
      execution: execution, reporter: reporter)
    let statistics = try calibrator.run(samples.forCalibration, withHistograms: false)
    learned = LayerStatistics(channels: statistics.channels)
  }

  /// Quantizes the model.
  ///
  /// - Throws: what ``DynamicQuantization`` throws.
  public mutating func quantize() throws(DecantError) -> QuantizationReport {
    let report = try DynamicQuantization.quantize(&model.graph, learned: learned, options: options)
    for note in report.notes { reporter.note(note) }
    if report.weights > 0 {
      reporter.lossy("\(report.weights) weights and tables are \(options.weightType) codes now")
    }
    if report.activations > 0 {
      reporter.lossy(
        "\(report.activations) activations become uint8 codes as the model runs, so results depend on what shares a batch"
      )
    }
    return report
  }

  /// What quantizing would make of the model; the model stays as it is, and nothing is reported.
  ///
  /// - Throws: as ``quantize()``.
  public func rehearse() throws(DecantError) -> QuantizationResult {
    var planned = model
    let report = try DynamicQuantization.quantize(&planned.graph, options: options)
    return QuantizationResult(planned, report)
  }

  /// Quantizes nodes of the model one at a time. Asked for before the model is quantized.
  public var trials: LayerTrials {
    LayerTrials(model) { [options, learned] (graph, nodes) throws(DecantError) in
      var alone = options
      alone.include = nodes
      return try DynamicQuantization.quantize(&graph, learned: learned, options: alone)
    }
  }
}
