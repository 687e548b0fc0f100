internal import ArgumentParser
internal import Decant

/// What `--scheme fp16` and `--scheme bf16` take beside samples.
struct HalfArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "fp16, bf16: keep these nodes in float32, as --exclude does; may repeat.", valueName: "selector")
  )
  var keep: [String] = []
  @Flag(inversion: .prefixedNo, help: "fp16, bf16: keep inputs and outputs in float32.")
  var keepIo = true
  @Option(
    help: ArgumentHelp(
      "fp16, bf16: write at this opset; older ones have fewer operators in half floats.", valueName: "version"))
  var opset: Int?
}

/// `--scheme fp16` and `--scheme bf16`.
extension QuantizeCommand {
  func validateHalf() throws {
    guard samples.data.isEmpty || stats == nil || measurement.isGiven else {
      throw ValidationError("expected samples (--data) or statistics (--stats), not both")
    }
  }

  private func halfWorkflow(_ type: HalfType) throws -> HalfConversionWorkflow {
    try HalfConversionWorkflow(
      try common.read(model), type, include: style.include.map(NodeSelector.init),
      keep: (style.exclude + half.keep).map(NodeSelector.init), keepsInterface: half.keepIo, opset: half.opset,
      optimizes: style.optimize, reporter: planning.dryRun ? SilentReporter() : common.reporter)
  }

  /// The conversion without samples.
  func convertHalf(_ type: HalfType) throws -> QuantizationResult {
    var workflow = try halfWorkflow(type)
    let report = try workflow.convert()
    return QuantizationResult(workflow.model, report)
  }

  func runHalf(_ type: HalfType) throws -> QuantizationResult {
    var workflow = try halfWorkflow(type)
    if let stats {
      try workflow.calibrate(fromFile: stats)
    } else if !samples.data.isEmpty {
      let set = try samples.samples(for: workflow.model.inputPorts)
      try workflow.calibrate(
        set, backends: try BackendCatalog.backends(engine.backend), execution: engine.executorOptions)
    }
    let report = try workflow.convert()
    return QuantizationResult(workflow.model, report)
  }
}
