internal import ArgumentParser
internal import Decant

/// What is measured and shown beside the quantized model.
struct MeasurementArguments: ParsableArguments {
  @Flag(help: "Quantize each node alone and measure how far the outputs move on the samples (--data).")
  var sensitivity = false
  @Option(
    help: ArgumentHelp(
      "At most this many runs for --sensitivity, spread over the samples; all by default.", valueName: "count"))
  var sensitivityRuns: Int?
  @Option(
    help: ArgumentHelp(
      "Write an HTML page: sizes, sensitivity, and with samples the distributions of activations.", valueName: "file"))
  var report: String?

  /// Whether samples serve more than the quantization.
  var isGiven: Bool { sensitivity || report != nil }

  /// Checks the options against each other.
  func check(hasSamples: Bool) throws {
    guard !sensitivity || hasSamples else { throw ValidationError("'--sensitivity' expected samples (--data)") }
    guard sensitivity || sensitivityRuns == nil else {
      throw ValidationError("'--sensitivity-runs' belongs to '--sensitivity'")
    }
    guard sensitivityRuns.map({ $0 > 0 }) ?? true else {
      throw ValidationError("'--sensitivity-runs' expected at least 1")
    }
  }

  /// Fails before any work when the page cannot be written.
  func check(replacing: Bool) throws(DecantError) {
    if let report { try OutputPath.check(report, replacing: replacing) }
  }
}

extension QuantizeCommand {
  /// How far the outputs move for each node, where the user asked for it.
  func measuredSensitivity(_ result: QuantizationResult) throws -> Sensitivity? {
    guard measurement.sensitivity, let trials = result.trials else { return nil }
    return try Sensitivity(
      of: result, on: try measuringSamples(for: trials.model), runs: measurement.sensitivityRuns ?? .max,
      backends: try BackendCatalog.backends(engine.backend), execution: engine.executorOptions,
      reporter: common.reporter)
  }

  /// Writes the page, where the user asked for it.
  func writePage(_ result: QuantizationResult, _ sensitivity: Sensitivity?) throws {
    guard let path = measurement.report else { return }
    let set = samples.data.isEmpty ? nil : try result.trials.map { try measuringSamples(for: $0.model) }
    let name = model.split(separator: "/").last.map(String.init) ?? model
    let page = try QuantizationPage(
      name, scheme, float: try common.read(model), result, sensitivity: sensitivity, samples: set,
      backends: try BackendCatalog.backends(engine.backend), execution: engine.executorOptions,
      reporter: common.reporter)
    let file = try AtomicFile(path, replacing: output.force)
    try file.write(page.html)
    try file.commit()
  }

  private func measuringSamples(for model: Model) throws -> SampleSet {
    try samples.samples(for: try Engine.executor(model, engine).inputs)
  }
}
