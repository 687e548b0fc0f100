internal import ArgumentParser
internal import Decant

/// `--scheme int8-dynamic`.
extension QuantizeCommand {
  func runDynamicInt8() throws -> QuantizationResult {
    var workflow = try DynamicQuantizationWorkflow(
      try common.read(model), try style.dynamicOptions(), optimizes: style.optimize, reporter: common.reporter)
    let trials = workflow.trials
    let report = try workflow.quantize()
    return QuantizationResult(workflow.model, report, trials)
  }
}
