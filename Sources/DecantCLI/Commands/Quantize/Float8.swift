internal import ArgumentParser
internal import Decant

/// What `--scheme fp8-e4m3` and `--scheme fp8-e5m2` take beside samples.
struct Float8Arguments: ParsableArguments {
  @Flag(help: "fp8: activations of products become 8-bit floats too; needs samples or statistics.")
  var activations = false
}

/// `--scheme fp8-e4m3` and `--scheme fp8-e5m2`.
extension QuantizeCommand {
  func validateFloat8() throws {
    let isOne = samples.data.isEmpty != (stats == nil) || (stats != nil && measurement.isGiven)
    guard !float8.activations || isOne else {
      throw ValidationError("'--activations' expected either samples (--data) or statistics (--stats)")
    }
    guard float8.activations || (samples.data.isEmpty || measurement.isGiven) && stats == nil else {
      throw ValidationError("'--data' and '--stats' serve '--activations', which is not given")
    }
  }

  private func float8Workflow(_ type: Float8Type) throws -> Float8Workflow {
    let options = Float8Options(
      type, isPerChannel: style.perChannel ?? true, include: style.include.map(NodeSelector.init),
      exclude: style.exclude.map(NodeSelector.init))
    return try Float8Workflow(
      try common.read(model), options, optimizes: style.optimize,
      reporter: planning.dryRun ? SilentReporter() : common.reporter)
  }

  /// The conversion of weights alone.
  func convertFloat8(_ type: Float8Type) throws -> QuantizationResult {
    guard !float8.activations else {
      throw ValidationError("'--dry-run' plans weights as 8-bit floats; activations are chosen by samples")
    }
    var workflow = try float8Workflow(type)
    let report = try workflow.convert()
    return QuantizationResult(workflow.model, report)
  }

  func runFloat8(_ type: Float8Type) throws -> QuantizationResult {
    var workflow = try float8Workflow(type)
    let method = try calibration.chosen()
    if let stats {
      try workflow.chooseRanges(fromFile: stats, method: method)
    } else if float8.activations {
      let set = try samples.samples(for: workflow.model.inputPorts)
      try workflow.calibrate(
        set, method: method, backends: try BackendCatalog.backends(engine.backend), execution: engine.executorOptions)
    }
    let trials = workflow.trials
    let report = try workflow.convert()
    return QuantizationResult(workflow.model, report, trials)
  }
}
