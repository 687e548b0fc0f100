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
      "For --sensitivity: the key of a classifier's labels in the samples, for its accuracy.", valueName: "key"))
  var labels: String?
  @Option(
    help: ArgumentHelp(
      "Write an HTML page: sizes, sensitivity, and with samples the distributions of activations.", valueName: "file"))
  var report: String?

  /// Whether samples serve more than the quantization.
  var isGiven: Bool { sensitivity || report != nil }

  /// Checks the options against each other.
  func check(hasSamples: Bool) throws {
    guard !sensitivity || hasSamples else { throw ValidationError("'--sensitivity' expected samples (--data)") }
    guard sensitivity || (sensitivityRuns == nil && labels == nil) else {
      throw ValidationError("'--sensitivity-runs' and '--labels' belong to '--sensitivity'")
    }
    guard sensitivityRuns.map({ $0 > 0 }) ?? true else {
      throw ValidationError("'--sensitivity-runs' expected at least 1")
    }
  }

  /// Fails before any work when the page cannot be written, or would take the place of the model.
  func check(beside output: OutputOptions) throws(DecantError) {
    guard let report else { return }
    guard report != output.output else {
      throw DecantError(.usage, "'--report' and '--output' expected two files, got '\(report)' for both")
    }
    try OutputPath.check(report, replacing: output.force)
  }
}

extension QuantizeCommand {
  /// How far the outputs move for each node, where the user asked for it.
  func measuredSensitivity(_ result: QuantizationResult) throws -> Sensitivity? {
    guard measurement.sensitivity, let trials = result.trials else { return nil }
    return try Sensitivity(
      of: result, on: try measuringSamples(for: trials.model), labels: try labels(for: trials.model),
      runs: measurement.sensitivityRuns ?? .max,
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

  private func labels(for model: Model) throws -> Tensor? {
    guard let key = measurement.labels else { return nil }
    let arrays = try ArraySource(samples.data, for: model.inputPorts).arrays
    guard let labels = arrays[key] else {
      let keys = arrays.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
      throw DecantError(.usage, "expected labels under '\(key)', and there are only \(keys)", at: samples.data)
    }
    return labels
  }

  private func measuringSamples(for model: Model) throws -> SampleSet {
    try samples.samples(for: model.inputPorts)
  }
}
