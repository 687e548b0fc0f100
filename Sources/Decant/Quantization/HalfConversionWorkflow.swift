public import DecantBytes
public import DecantCompression
public import DecantIR
internal import DecantPasses
public import DecantRuntime

/// The way from a float model to half floats: prepare, calibrate where there are samples, convert, check.
public struct HalfConversionWorkflow: Sendable {
  /// The model: prepared at first, converted in the end.
  public private(set) var model: Model
  private var options: HalfConversionOptions
  /// Whether the caller asked for an operator set.
  private let isStated: Bool
  private let reporter: any Reporter

  /// Prepares `model`: defaults of inputs become constants, calls of functions their bodies, and types are inferred.
  ///
  /// - Parameters:
  ///   - opset: the operator set to write at, which decides what takes half floats; by default the model's own.
  ///   - optimizes: whether the default passes run first.
  /// - Throws: what the passes throw.
  public init(
    _ model: Model, _ type: HalfType, include: [NodeSelector] = [], keep: [NodeSelector] = [],
    keepsInterface: Bool = true, opset: Int? = nil,
    optimizes: Bool = true, reporter: any Reporter = SilentReporter()
  ) throws {
    self.model = model
    self.reporter = reporter
    isStated = opset != nil
    let own = model.source.opset ?? Model.pinnedOpset
    let least = max(opset ?? own, type.castVersion)
    if opset == nil, own < type.castVersion {
      reporter.note("the model is written at opset \(least) instead of \(own), for \(type.dataType) needs that")
    }
    options = HalfConversionOptions(type, opset: least, include: include, keep: keep, keepsInterface: keepsInterface)
    try self.model.prepareForQuantization(
      optimizes: optimizes, acceptsCodes: true, selectors: include + keep, reporter: reporter)
  }

  /// One pass over the samples, which decides what float16 can hold.
  ///
  /// - Throws: what calibrating throws, naming the sample.
  public mutating func calibrate(
    _ samples: SampleSet, backends: [any Backend], execution: Executor.Options
  ) throws(DecantError) {
    let calibrator = try Calibrator(
      model, values: HalfConversion.valuesToCalibrate(model.graph), backends: backends, execution: execution,
      reporter: reporter)
    options.statistics = try calibrator.run(samples.forCalibration, withHistograms: false)
  }

  /// Takes the statistics in a file that `calibrate` wrote.
  ///
  /// - Throws: `unreadable` or `malformed`, with the file; `usage` for ranges that ONNX Runtime chose.
  public mutating func calibrate(fromFile path: String) throws(DecantError) {
    guard case .statistics(let statistics) = try StatisticsFile.read(path) else {
      throw DecantError(
        .usage, "expected statistics that decant took, got ranges that another tool chose", at: [path])
    }
    options.statistics = statistics
  }

  /// Converts the model, and checks that every type still holds.
  ///
  /// - Throws: what ``HalfConversion`` throws.
  public mutating func convert() throws -> QuantizationReport {
    let report = try HalfConversion.convert(&model.graph, options)
    if isStated || model.source.opset != nil { model.source.setOpset(options.opset) }
    do {
      _ = try Pipeline(parsing: "infer-types").run(on: &model, PassContext())
    } catch let error as DecantError {
      throw DecantError(.internal, "the types do not agree after the conversion: \(error.message)", at: error.place)
    }
    for loss in report.losses { reporter.lossy(loss) }
    for note in report.notes { reporter.note(note) }
    return report
  }
}
