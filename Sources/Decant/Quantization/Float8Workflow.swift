public import DecantBytes
public import DecantCompression
public import DecantIR
public import DecantRuntime

/// The way from a float model to 8-bit floats: prepare, calibrate where activations are asked for, convert.
public struct Float8Workflow: Sendable {
  /// The model: prepared at first, converted in the end.
  public private(set) var model: Model
  private var options: Float8Options
  private let reporter: any Reporter

  /// Prepares `model`: defaults of inputs become constants, calls of functions their bodies, and types are inferred.
  ///
  /// - Parameter optimizes: whether the default passes run first.
  /// - Throws: what the passes throw.
  public init(
    _ model: Model, _ options: Float8Options, optimizes: Bool = true, reporter: any Reporter = SilentReporter()
  ) throws {
    self.model = model
    self.options = options
    self.reporter = reporter
    try self.model.prepareForQuantization(
      optimizes: optimizes, selectors: options.include + options.exclude, reporter: reporter)
  }

  /// One pass over the samples, for the ranges of activations.
  ///
  /// - Throws: what calibrating throws, naming the sample.
  public mutating func calibrate(
    _ samples: SampleSet, method: CalibrationMethod, backends: [any Backend], execution: Executor.Options
  ) throws(DecantError) {
    let calibrator = try Calibrator(
      model, values: Float8Conversion.valuesToCalibrate(model.graph), backends: backends, execution: execution,
      reporter: reporter)
    let statistics = try calibrator.run(samples.forCalibration, withHistograms: method.needsHistogram)
    do throws(OpError) {
      options.ranges = try statistics.ranges(method)
    } catch {
      throw DecantError(error)
    }
  }

  /// Takes the ranges in a file that `calibrate` or ONNX Runtime wrote.
  ///
  /// - Throws: `unreadable` or `malformed`, with the file.
  public mutating func chooseRanges(fromFile path: String, method: CalibrationMethod) throws(DecantError) {
    let file = try StatisticsFile.read(path)
    do throws(OpError) {
      options.ranges = try file.ranges(method)
    } catch {
      throw DecantError(error, at: [path])
    }
  }

  /// Converts the model.
  ///
  /// - Throws: what ``Float8Conversion`` throws.
  public mutating func convert() throws(DecantError) -> QuantizationReport {
    let report = try Float8Conversion.convert(&model.graph, options)
    for loss in report.losses { reporter.lossy(loss) }
    for note in report.notes { reporter.note(note) }
    return report
  }

  /// Converts nodes of the model one at a time. Asked for before the model is converted.
  public var trials: LayerTrials {
    LayerTrials(model, ranges: options.ranges ?? CalibratedRanges()) { [options] (graph, nodes) throws(DecantError) in
      var alone = options
      alone.include = nodes
      return try Float8Conversion.convert(&graph, alone)
    }
  }
}
