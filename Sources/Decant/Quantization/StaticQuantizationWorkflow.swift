public import DecantBytes
public import DecantCompression
internal import DecantForms
public import DecantIR
public import DecantRuntime

/// The way from a float model and samples to an int8 model: prepare, calibrate, choose ranges, quantize.
public struct StaticQuantizationWorkflow: Sendable {
  /// The model, prepared: types inferred, and in Decant's own style optimized.
  public private(set) var model: Model
  /// How to quantize.
  public let options: StaticQuantizationOptions
  private var learned = LayerStatistics()
  private var steps: [QuantizationReport.Step] = []
  private let reporter: any Reporter

  /// Prepares `model`. The same model and options always give the same value names, so that statistics taken in one run
  /// serve another.
  ///
  /// - Parameter optimizes: whether constants and normalizations are folded first; ONNX Runtime's style never does.
  /// - Throws: what the passes throw; `malformed` for weights that are not finite.
  public init(
    _ model: Model, _ options: StaticQuantizationOptions, optimizes: Bool = true,
    reporter: any Reporter = SilentReporter()
  ) throws {
    self.model = model
    self.options = options
    self.reporter = reporter
    try self.model.prepareForQuantization(
      optimizes: options.style == .decant && optimizes, expandsFunctions: options.style == .decant,
      selectors: options.include + options.exclude, reporter: reporter)
    // Before the samples run: what such weights give would look like masks.
    try self.model.graph.refuseWeightsNotFinite()
    guard options.style == .decant, options.equalizes else { return }
    steps = try CrossLayerEqualization.equalize(&self.model.graph, options)
  }

  /// The calibration method for samples when the user names none: in Decant's own style `mse` for convolutional models, whose
  /// activations end in long tails that little depends on, and the extremes for models with attention.
  public var suggestedMethod: CalibrationMethod {
    StaticQuantization.suggestedMethod(model.graph, options: options)
  }

  /// One pass over the samples.
  ///
  /// - Throws: what calibrating throws, naming the sample.
  public func calibrate(
    _ samples: SampleSet, method: CalibrationMethod, backends: [any Backend], execution: Executor.Options
  ) throws(DecantError) -> CalibrationStatistics {
    let calibrator = try calibrator(backends, execution, forFile: true)
    return try calibrator.run(samples.forCalibration, withHistograms: method.needsHistogram)
  }

  /// The ranges for `method`: in ONNX Runtime's style those that its calibrators choose. In Decant's own style the model also
  /// learns what its channels do, for the steps beside ranges.
  ///
  /// - Throws: `usage` for a method that ONNX Runtime does not have, and what calibrating throws.
  public mutating func ranges(
    _ samples: SampleSet, method: CalibrationMethod, backends: [any Backend], execution: Executor.Options
  ) throws(DecantError) -> CalibratedRanges {
    try ranges(samples, method: method, backends: backends, execution: execution, forFile: false)
  }

  private mutating func ranges(
    _ samples: SampleSet, method: CalibrationMethod, backends: [any Backend], execution: Executor.Options, forFile: Bool
  ) throws(DecantError) -> CalibratedRanges {
    guard options.style == .onnxRuntime else {
      let statistics = try calibrator(backends, execution, watchesChannels: true, forFile: forFile)
        .run(samples.forCalibration, withHistograms: method.needsHistogram)
      learned = LayerStatistics(channels: statistics.channels, method: method)
      return try choose(method, from: statistics)
    }
    switch method {
    case .percentile(let percentage):
      return try calibrator(backends, execution).onnxRuntimePercentile(samples.forCalibration, percentage: percentage)
    case .meanSquaredError:
      throw DecantError(.usage, "ONNX Runtime has no calibration method 'mse'")
    case .entropy:
      reporter.note("ONNX Runtime's entropy search has one candidate, the extremes; so they are used")
      return try calibrator(backends, execution).onnxRuntimeExtremes(samples.forCalibration)
    case .minMax:
      return try calibrator(backends, execution).onnxRuntimeExtremes(samples.forCalibration)
    }
  }

  /// A format of what `calibrate` writes.
  public enum StatisticsFormat: String, Sendable, CaseIterable {
    /// Decant's statistics, from which any method chooses.
    case decant
    /// ONNX Runtime's cache of ranges.
    case onnxRuntime = "ort"
    /// TensorRT's cache of scales.
    case tensorRT = "tensorrt"
  }

  /// What `calibrate` writes: statistics, or the ranges that the method chooses in another tool's format.
  ///
  /// - Throws: as ``ranges(_:method:backends:execution:)``.
  public mutating func statisticsText(
    _ samples: SampleSet, method: CalibrationMethod, format: StatisticsFormat, backends: [any Backend],
    execution: Executor.Options
  ) throws(DecantError) -> String {
    guard format != .decant else {
      return StatisticsFile.text(try calibrate(samples, method: method, backends: backends, execution: execution))
    }
    let ranges = try ranges(samples, method: method, backends: backends, execution: execution, forFile: true)
    guard format == .tensorRT else { return StatisticsFile.onnxRuntimeText(ranges, method: method) }
    do throws(OpError) {
      return try TensorRTCache.text(ranges, method: method)
    } catch {
      throw DecantError(error)
    }
  }

  /// The ranges in a file that `calibrate` or ONNX Runtime wrote.
  ///
  /// - Parameter isExplicit: whether the user named the method; ranges of ONNX Runtime are chosen already, and that is said.
  /// - Throws: `unreadable` or `malformed`, with the file.
  public func ranges(
    fromFile path: String, method: CalibrationMethod, isExplicit: Bool
  ) throws(DecantError) -> CalibratedRanges {
    let file = try StatisticsFile.read(path)
    if options.style == .decant, options.correctsBiases || options.smoothing != .off {
      reporter.note("a file holds no channels: activations are not evened out, and biases not corrected", at: [path])
    }
    if let chooser = file.chooser, isExplicit {
      reporter.note("the file holds ranges that \(chooser); '--method' changes nothing", at: [path])
    }
    do throws(OpError) {
      return try file.ranges(method)
    } catch {
      throw DecantError(error, at: [path])
    }
  }

  /// Quantizes the model with `ranges`.
  ///
  /// - Throws: what ``StaticQuantization`` throws.
  public mutating func quantize(_ ranges: CalibratedRanges) throws(DecantError) -> QuantizationReport {
    var report = try StaticQuantization.quantize(
      &model.graph, ranges: ranges, learned: learned, options: options, opset: opset)
    report.prepend(steps)
    for note in report.notes { reporter.note(note) }
    if report.weights > 0 {
      reporter.lossy(
        "\(report.weights) weights and constants are \(options.weightType) or \(options.activationType) codes now")
    }
    if report.activations > 0 {
      reporter.lossy("\(report.activations) activations pass through \(options.activationType) codes now")
    }
    return report
  }

  /// What quantizing would make of the model, without samples: every activation has the range from -1 to 1, so that nodes and
  /// sizes are right and codes are not. Steps that learn from samples are left out. The model stays as it is.
  ///
  /// - Throws: as ``quantize(_:)``.
  public func rehearse() throws(DecantError) -> QuantizationResult {
    var planned = model
    var ranges = CalibratedRanges()
    for value in try StaticQuantization.valuesToCalibrate(planned.graph, options: options) {
      ranges.byName[planned.graph[value].name] = TensorRange(-1, 1)
    }
    let report = try StaticQuantization.quantize(&planned.graph, ranges: ranges, options: options, opset: opset)
    return QuantizationResult(planned, report)
  }

  /// Quantizes nodes of the model one at a time. Asked for before the model is quantized.
  public func trials(_ ranges: CalibratedRanges) -> LayerTrials {
    LayerTrials(model, ranges: ranges) { [options, opset, learned] (graph, nodes) throws(DecantError) in
      var alone = options
      alone.include = nodes
      return try StaticQuantization.quantize(&graph, ranges: ranges, learned: learned, options: alone, opset: opset)
    }
  }

  private var opset: Int {
    let opset = model.source.opset ?? Model.pinnedOpset
    // ONNX Runtime's tool brings older models to opset 11 before it looks at them.
    return options.style == .onnxRuntime && opset < 10 ? 11 : opset
  }

  private func calibrator(
    _ backends: [any Backend], _ execution: Executor.Options, watchesChannels: Bool = false, forFile: Bool = false
  ) throws(DecantError) -> Calibrator {
    let values = try StaticQuantization.valuesToCalibrate(model.graph, options: options, forFile: forFile)
    guard !values.isEmpty else {
      throw DecantError(.unsupported, "the model has no operator that static int8 quantizes")
    }
    let channels = watchesChannels ? try StaticQuantization.channelsToCalibrate(model.graph, options: options) : [:]
    return try Calibrator(
      model, values: values, channelAxes: channels, backends: backends, execution: execution, reporter: reporter)
  }

  private func choose(
    _ method: CalibrationMethod, from statistics: CalibrationStatistics
  ) throws(DecantError) -> CalibratedRanges {
    do throws(OpError) {
      return try statistics.ranges(method)
    } catch {
      throw DecantError(error)
    }
  }
}
