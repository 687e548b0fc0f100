internal import ArgumentParser
internal import Decant

/// `--scheme int8`.
extension QuantizeCommand {
  func validateStaticInt8() throws {
    guard samples.data.isEmpty != (stats == nil) else {
      throw ValidationError("expected either samples (--data) or statistics (--stats)")
    }
  }

  func runStaticInt8() throws -> (Model, QuantizationReport) {
    let method = try calibration.chosen()
    var workflow = try StaticQuantizationWorkflow(
      try common.read(model), try style.options(), optimizes: style.optimize, reporter: common.reporter)
    let ranges: CalibratedRanges
    if let stats {
      ranges = try workflow.ranges(fromFile: stats, method: method, isExplicit: calibration.isExplicit)
    } else {
      let set = try samples.samples(for: try Engine.executor(workflow.model, engine).inputs)
      ranges = try workflow.ranges(
        set, method: method, backends: try BackendCatalog.backends(engine.backend),
        execution: engine.executorOptions)
    }
    let report = try workflow.quantize(ranges)
    return (workflow.model, report)
  }
}
